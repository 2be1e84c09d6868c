import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { TestRunner } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'

/** Before any test begins, as none waits so long as it may take to make. */
const found = ensurePython()

/** The `deltalake` package may abort while the interpreter ends, when all has been said: so it does not end by itself. */
const END = '\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n'

export interface PythonOptions {
  env?: Record<string, string>
  timeoutMs?: number
}

/** Runs a script in the project's virtual environment; its standard output, trimmed. Throws with its error text. */
export function python(script: string, args: readonly string[] = [], options: PythonOptions = {}): string {
  return execFileSync(interpreter(), ['-c', script + END, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...options.env },
    timeout: options.timeoutMs ?? 120_000,
  }).trim()
}

/** The same while this process goes on serving the script. */
export async function runPython(script: string, args: readonly string[] = []): Promise<string> {
  const { stdout } = await promisify(execFile)(interpreter(), ['-c', script + END, ...args], {
    timeout: 120_000,
  })
  return stdout.trim()
}

function interpreter(): string {
  if (!('missing' in found)) return found.python
  // `npm test` names what was left out; CI leaves nothing out.
  if (process.env.CI !== 'true') TestRunner.getCurrentTest()?.context.skip(found.missing)
  throw new Error(found.missing)
}
