import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { RoomInput } from '../../audience/messages.ts'
import type { Config } from '../../config/schema.ts'
import type { OpenRoom } from '../../pipeline/audience/hall.ts'
import { systemClock } from '../../pipeline/runtime/clock.ts'
import { createSession } from '../../pipeline/session/session.ts'
import type { Session } from '../../pipeline/session/session-types.ts'
import { audienceRoom, pageFolder } from './audience-room.ts'
import { fileStorage } from './generator-storage.ts'
import { logFileOf } from './logger.ts'

import { heapPolicy } from './memory.ts'

import { logTail, type SessionSettings } from './session-memory.ts'

declare const __VERSION__: string

/** Said once, in the log panel. */
const HARD_END = 'The last session ended hard; a starts everything again.'

/** A session over the configuration, not yet connected to anything. */
export function newSession(options: {
  config: Config
  dataDir: string
  ephemeral: boolean
  logger: Logger
  /** What stood when the session before ended hard. */
  after?: SessionSettings | undefined
}): Session {
  const { config, dataDir, ephemeral, logger, after } = options
  const session = createSession(
    {
      session: {
        target: config.target,
        version: __VERSION__,
        engine: config.engine,
        dataDir,
        ephemeral,
        readOnly: config.readOnly,
        logFile: logFileOf(dataDir),
      },
      stations: after?.stations ?? config.stations,
      intervalMs: after?.intervalMs ?? config.interval,
      dirty: after?.dirty ?? config.dirty,
      // The weather follows from the seed alone; ids from the run too, so no two data folders share any.
      seed: config.seed ?? 'rtstream',
      nodeType: config.azure.databricksNodeType,
      updatesPerSecond: config.fps,
    },
    {
      clock: systemClock,
      logger,
      storage: fileStorage(join(dataDir, 'state', 'generator.bin')),
      newRunId: randomUUID,
      ...(config.audienceHost === undefined
        ? {}
        : { openRoom: roomOf(config, config.audienceHost, dataDir) }),
      ...(after ? { log: logTail(logFileOf(dataDir)), notice: HARD_END } : {}),
    },
  )
  const followRate = heapPolicy()
  session.store.subscribe(({ generator }) => followRate(generator.sentPerSecond.at(-1) ?? 0))
  return session
}

/** Loaded when the room is opened: nobody else waits for it. */
function roomOf(config: Config, host: string, dataDir: string): OpenRoom {
  const input: RoomInput = {
    host,
    port: config.audiencePort,
    stateFile: join(dataDir, 'state', 'audience.json'),
    pageFolder: pageFolder(),
    tls: undefined,
    isRubbishAllowed: config.audienceMischief,
    readingsPerSecond: config.audienceRate,
  }
  return audienceRoom(input)
}
