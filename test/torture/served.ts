/** `serve`, for what comes from outside: its endpoints, its health afterwards. */
import { execFileSync } from 'node:child_process'
import type { RunningCli } from '../support/cli.ts'
import { startCli } from '../support/cli.ts'
import { ended } from './program.ts'

export interface Endpoints {
  eventHub: string
  eventHubsConnectionString: string
  kafka: string
  lake: string
  account: string
  accountKey: string
  management: string
  token: string
}

export interface Served {
  endpoints: Endpoints
  running: RunningCli
  /** Resident memory (MB); undefined where the system does not tell. */
  memoryMb(): number | undefined
  /** @returns the exit code. */
  stop(): Promise<number | string>
}

export async function serve(data: string): Promise<Served> {
  const running = startCli(['serve', '--start', 'all', '--json', '--data-dir', data])
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
