/** What is measured: the working tree, or another commit built beside it. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One state of the program. */
export interface Subject {
  /** As it stands in the tables. */
  name: string
  /** Absolute folder of its checkout, with its own `node_modules` and `dist`. */
  root: string
}

/** Of the working tree. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

const say = (file: string, args: readonly string[], cwd: string) =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()

/** Its name says so when it has changes that are in no commit. */
export function workingTree(): Subject {
  // The figures that the run before has written there are no change of the program.
  const changed = say('git', ['status', '--porcelain', '--', '.', ':!docs/benchmarks.md'], root) !== ''
  const commit = say('git', ['rev-parse', '--short', 'HEAD'], root)
  return { name: changed ? `${commit}, changed` : commit, root }
}

/**
 * Builds a commit in a git worktree in the temporary folder, with its own installation. It stays there for the next time;
 * {@link removeSubject} removes it.
 * @throws Error when the commit is unknown, or does not install or build.
 */
export function commitBeside(commit: string): Subject {
  const hash = say('git', ['rev-parse', '--verify', `${commit}^{commit}`], root)
  const name = hash.slice(0, 7)
  const folder = join(tmpdir(), `rtstream-bench-at-${name}`)
  const ready = join(folder, 'dist', '.ready')
  if (existsSync(ready)) return { name, root: folder }
  removeSubject({ name, root: folder })
  console.log(`building ${name} in ${folder}`)
  say('git', ['worktree', 'add', '--force', '--detach', folder, hash], root)
  say('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], folder)
  say(process.execPath, ['scripts/build.ts', '--quiet'], folder)
  writeFileSync(ready, hash)
  return { name, root: folder }
}

/** Nothing happens when it is not there. */
export function removeSubject({ root: folder }: Subject): void {
  if (existsSync(folder)) say('git', ['worktree', 'remove', '--force', folder], root)
  say('git', ['worktree', 'prune'], root)
}
