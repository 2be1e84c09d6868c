/** Long Python programs of the tests, run beside this process so that a test's time limit holds, and ended with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type EnvironmentName, ensurePython, javaOptions } from '../../scripts/python-env.ts'

export interface PythonResult {
  /** Null when it was killed. */
  status: number | null
  stdout: string
  stderr: string
}

/** Characters kept of each stream: its end. */
const KEPT = 8_000_000

const running = new Set<ChildProcess>()

/** Runs the project's Python with these arguments; what it starts stands in its process group. */
export async function runPythonProgram(
  args: readonly string[],
  env: Record<string, string> = {},
  environment?: EnvironmentName,
): Promise<PythonResult> {
  const found = ensurePython(environment)
  if ('missing' in found) throw new Error(found.missing)
  const child = spawn(found.python, args, {
    detached: true,
    // The fourth stream carries nothing: its end tells the program that this process is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      RTSTREAM_PARENT_PIPE: '3',
      SPARK_SUBMIT_OPTS: javaOptions(environment),
      ...env,
    },
  })
  running.add(child)
  const result: PythonResult = { status: null, stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      result[name] = (result[name] + text).slice(-KEPT)
    })
  try {
    const [status] = await once(child, 'close')
    return { ...result, status }
  } finally {
    running.delete(child)
  }
}

/** Kills what still runs, with all that it started: for `afterEach`. */
export function killPythons(): void {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}
