/** A session as the settings want it, with the generator’s memory and the room for phones. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { Venue } from '../../pipeline/audience/venue.ts'
import { systemClock } from '../../pipeline/runtime/clock.ts'
import { createSession } from '../../pipeline/session/session.ts'
import type { Session } from '../../pipeline/session/session-types.ts'
import { machineAddresses } from './audience/addresses.ts'
import { audienceJournal } from './audience/journal.ts'
import { audienceRoom, pageFolder } from './audience/room.ts'
import { certificateOf } from './audience-certificate.ts'
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
  /** Only looks: the state of the generator is read and never written. */
  isGuest?: boolean
}): Session {
  const { config, dataDir, ephemeral, logger, after } = options
  const storage = fileStorage(join(dataDir, 'state', 'generator.bin'))
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
      storage: options.isGuest ? { ...storage, save: async () => {} } : storage,
      newRunId: randomUUID,
      venue: venueOf(config, dataDir),
      ...(after ? { log: logTail(logFileOf(dataDir)), notice: HARD_END } : {}),
    },
  )
  const followRate = heapPolicy()
  session.store.subscribe(({ generator }) => followRate(generator.sentPerSecond.at(-1) ?? 0))
  return session
}

/** The room's thread starts when the room is opened. */
function venueOf(config: Config, dataDir: string): Venue {
  const state = join(dataDir, 'state')
  // A wrong one is told before there is a screen.
  certificateOf(config)
  return {
    host: config.audienceHost,
    isOpenAtStart: config.audience && !config.readOnly,
    rules: {
      isMischiefAllowed: config.audienceMischief,
      readingsPerSecond: config.audienceRate,
      isPaused: false,
      hasOwnNames: config.audienceNames,
    },
    addresses: machineAddresses,
    open: (host, rules, visitors) =>
      audienceRoom(
        {
          host,
          port: config.audiencePort,
          stateFile: join(state, 'audience.json'),
          pageFolder: pageFolder(),
          tls: certificateOf({ ...config, audienceHost: host }),
          rules,
        },
        visitors,
      ),
    journal: audienceJournal(join(state, 'audience-events.txt')),
  }
}
