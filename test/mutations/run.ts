/**
 * Whether the tests notice: each change of `list.ts` is made in a copy of the tree, and the tests nearest to it must fail.
 * `npm run test:mutations [TEXT]` tries those whose place or meaning holds the text; `-- --write` tries all and keeps the
 * result in docs/mutations.md.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machine, today } from '../../scripts/bench/machine.ts'
import { MUTATIONS } from './list.ts'
import type { Mutation } from './mutation.ts'

const root = join(import.meta.dirname, '../..')
const COPIED = [
  'src',
  'test',
  'scripts',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'notebooks',
  'lessons',
  'infra',
  'azure.yaml',
  '.devcontainer',
  '.gitattributes',
  '.github',
  'CODE_OF_CONDUCT.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'SECURITY.md',
  '.nvmrc',
  'README.md',
]
/** A change may make a loop endless (ms). */
const LIMIT_MS = 180_000

/** `endless`: the tests did not end within the limit, which a person would notice too. */
type Outcome = 'noticed' | 'endless' | 'survived' | 'stale'

function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'rtstream-mutations-'))
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true })
  for (const name of ['node_modules', '.venv'])
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(copy, name), 'junction')
  return copy
}

function runTests(
  copy: string,
  tests: readonly string[],
  timeout = LIMIT_MS,
): 'passed' | 'failed' | 'endless' {
  const { status, signal } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=dot', '--bail=1', ...tests],
    { cwd: copy, stdio: 'ignore', timeout },
  )
  if (signal) return 'endless'
  return status === 0 ? 'passed' : 'failed'
}

const OUTCOMES = { passed: 'survived', failed: 'noticed', endless: 'endless' } as const

/** Stale: the code has moved on and the change fits nowhere, or in more than one place. */
function tryOut(copy: string, { file, find, put, tests }: Mutation): Outcome {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) return 'stale'
  writeFileSync(
    path,
    text.replace(find, () => put),
  )
  try {
    return OUTCOMES[runTests(copy, tests)]
  } finally {
    writeFileSync(path, text)
  }
}

const documentOf = (rows: readonly (readonly [Mutation, Outcome])[], noticed: number) =>
  [
    '# What the tests notice',
    '',
    'Each row is a change of one limit, guard or operator that was made in a copy of the code; *noticed* means that the tests',
    'nearest to it fail with it, *endless* that they do not end within three minutes, *survived* that they pass. The list is in',
    '`test/mutations/`; how to add to it: [CONTRIBUTING](../CONTRIBUTING.md).',
    '',
    `Made by \`npm run test:mutations -- --write\` on ${today()}: ${noticed} of ${rows.length} noticed; ${machine}.`,
    '',
    '| place | change | result |',
    '|---|---|---|',
    ...rows.map(
      ([{ file, what }, outcome]) => `| \`${file.replace(/^src\//, '')}\` | ${what} | ${outcome} |`,
    ),
    '',
  ].join('\n')

const isWritten = process.argv.includes('--write')
const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
if (isWritten && words.length > 0)
  throw new Error('The document is of the whole list: --write takes no text.')
const chosen = MUTATIONS.filter(({ file, what }) => words.every((word) => `${file} ${what}`.includes(word)))
const copy = copyTree()
const rows: (readonly [Mutation, Outcome])[] = []
try {
  const all = [...new Set(chosen.flatMap(({ tests }) => tests))]
  if (runTests(copy, all, 10 * LIMIT_MS) !== 'passed')
    throw new Error(`The tests fail without any change: npx vitest run ${all.join(' ')}`)
  for (const mutation of chosen) {
    const outcome = tryOut(copy, mutation)
    rows.push([mutation, outcome])
    console.log(`${outcome.padEnd(9)} ${mutation.file}: ${mutation.what}`)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
const missed = rows.filter(([, outcome]) => outcome === 'survived' || outcome === 'stale')
console.log(`${rows.length - missed.length} noticed, ${missed.length} not`)
if (isWritten) writeFileSync(join(root, 'docs/mutations.md'), documentOf(rows, rows.length - missed.length))
process.exitCode = missed.length > 0 ? 1 : 0
