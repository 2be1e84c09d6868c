import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { Session } from '../pipeline/session-types.ts'

declare const __VERSION__: string

export async function newSession(options: {
  config: Config
  dataDir: string
  logger: Logger
}): Promise<Session> {
  throw new Error(`${__VERSION__} ${options.dataDir}`)
}
