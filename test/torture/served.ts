/** `serve`, for what comes from outside: its endpoints, its health afterwards. */
import { execFileSync } from 'node:child_process'
import type { LocalAzureEndpoints } from '../../src/local/runtime/options.ts'
import type { RunningCli } from '../support/cli.ts'
import { startCli } from '../support/cli.ts'
import { ended } from './program.ts'

export interface Endpoints extends LocalAzureEndpoints {
  eventHub: string
  account: string
}

export interface Served {
  endpoints: Endpoints
  running: RunningCli
  /** Resident memory (MB); undefined where the system does not tell. */
  memoryMb(): number | undefined
  /** @returns the exit code. */
  stop(): Promise<number | string>
}

export async function serve(data: string, options: Parameters<typeof startCli>[1] = {}): Promise<Served> {
  const running = startCli(['serve', '--start', 'all', '--json', '--data-dir', data], options)
  const endpoints = JSON.parse(await running.line((line) => line.startsWith('{'))) as Endpoints
  return {
    endpoints,
    running,
    memoryMb() {
      if (process.platform === 'win32') return undefined
      return (
        Number(execFileSync('ps', ['-o', 'rss=', '-p', String(running.child.pid)], { encoding: 'utf8' })) /
        1024
      )
    },
    stop() {
      running.child.kill('SIGINT')
      return ended(running, 60_000)
    },
  }
}
