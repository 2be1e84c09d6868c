import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { ensurePython } from '../../scripts/python-env.ts'

/** Runs a script in the project's virtual environment; its standard output, trimmed. Throws with its error text. */
export function python(
  script: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): string {
  const found = ensurePython()
  if ('missing' in found) throw new Error(found.missing)
  return execFileSync(found.python, ['-c', script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 400_000,
  }).trim()
}

/** The same while this process goes on, for scripts that talk to it. */
export async function pythonBeside(script: string, args: readonly string[] = []): Promise<string> {
  const found = ensurePython()
  if ('missing' in found) throw new Error(found.missing)
  const { stdout } = await promisify(execFile)(found.python, ['-c', script, ...args], { timeout: 60_000 })
  return stdout.trim()
}
