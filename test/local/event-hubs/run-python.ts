import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs a script while this process goes on serving it; its standard output. Throws with its error text. */
export async function runPython(python: string, script: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(python, ['-c', script, ...args], { timeout: 60_000 })
  return stdout.trim()
}
