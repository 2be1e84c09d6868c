/** What is wrong with the job's input or output, as ARM's diagnostics tell it and the log keeps it. */
import type { Logger } from 'pino'
import type { Clock } from '../runtime/clock.ts'
import type { LandedBatch } from './output-batch.ts'

/** Something that a person should look at; one of ARM's `diagnostics.conditions`. */
export interface Condition {
  /** Epoch ms. */
  since: number
  code: string
  message: string
}

/** Code of an input that could not be read. */
export const INPUT_FAILED = 'InputStartError'

/** Deserialization errors that are written to the log, per start of the job. */
const LOGGED_REJECTIONS = 5

/** One of the input and one of the output at most, the newest that matters. */
export class JobConditions {
  readonly #clock: Clock
  readonly #logger: Pick<Logger, 'info' | 'warn' | 'error'>
  #input: Condition | undefined
  #output: Condition | undefined
  #rejectionsLogged = 0

  constructor(clock: Clock, logger: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.#clock = clock
    this.#logger = logger
  }

  /** Undefined: nothing is wrong with it. */
  get input(): Condition | undefined {
    return this.#input
  }
  /** Undefined: nothing is wrong with it. */
  get output(): Condition | undefined {
    return this.#output
  }

  /** A new start begins without any. */
  clear(): void {
    this.#input = undefined
    this.#output = undefined
    this.#rejectionsLogged = 0
  }

  /** Events of the batch were not JSON objects. */
  rejected(partition: number, { rejections }: LandedBatch): void {
    const [first] = rejections
    if (!first) return
    this.#input ??= this.#condition(
      'InputDeserializerError.InvalidData',
      couldNotDeserialize(partition, first),
    )
    for (const { sequenceNumber, reason } of rejections) {
      if (this.#rejectionsLogged++ >= LOGGED_REJECTIONS) return
      this.#logger.warn({ partition, sequenceNumber, reason }, 'stream analytics: deserialization error')
    }
  }

  /** Events were gone from the hub before they were read. */
  expired(partition: number, events: number): void {
    this.#logger.warn(
      { partition, events },
      'stream analytics: events expired in the hub before they were read',
    )
    this.#input = this.#condition(
      'InputEventsExpired',
      `${events} ${events === 1 ? 'event' : 'events'} of partition ${partition} expired in the event hub before the job came. A longer --hub-retention keeps more.`,
    )
  }

  /** A write failed, and is tried again. */
  outputTroubled(error: Error): void {
    this.#logger.warn({ reason: error.message }, 'stream analytics: the output failed, trying again')
    this.#output ??= this.#condition(outputCode(error), reasonOf(error))
  }

  /** Its condition is over. */
  outputRecovered(): void {
    this.#output = undefined
    this.#logger.info('stream analytics: the output works again')
  }

  /** The job has ended because of it. */
  inputFailed(error: Error): void {
    this.#logger.error({ reason: error.message }, 'stream analytics: the input failed the job')
    this.#input = this.#condition(INPUT_FAILED, reasonOf(error))
  }

  /** The job has ended because of it: the tries are used up. */
  outputFailed(error: Error): void {
    this.#logger.error({ reason: error.message }, 'stream analytics: the output failed the job')
    this.#output = this.#condition(outputCode(error), reasonOf(error))
  }

  #condition(code: string, message: string): Condition {
    return { since: this.#clock.now(), code, message }
  }
}

/** The first sentences are the service's, as users report them (azure-docs, issue 71668; azure-event-hubs-node, issue 60). */
const couldNotDeserialize = (
  partition: number,
  { sequenceNumber, reason }: LandedBatch['rejections'][number],
): string =>
  `Could not deserialize the input event(s) from resource 'Partition: [${partition}], Offset: [${sequenceNumber}], SequenceNumber: [${sequenceNumber}]' as Json. Some possible reasons: 1) Malformed events 2) Input source configured with incorrect serialization format. What is not a JSON object is not written: ${reason}.`

const outputCode = ({ name }: Error) => (name === 'LakeFullError' ? 'OutputFull' : 'OutputWriteError')

const reasonOf = ({ message, hint }: Error & { hint?: string }) =>
  hint === undefined ? message : `${message} ${hint}`
