/** What the pipeline asks about one event: where it came from, and what has become of it in every layer. */

/** How a person names an event. */
export type TraceQuery =
  /** The newest event of the hub, no matter who sent it. */
  | { kind: 'newest' }
  /** By the `eventId` in its body, or the one that silver has given it. */
  | { kind: 'id'; eventId: string }
  /** The newest event of a city, as its body says it. */
  | { kind: 'city'; city: string }
  | ({ kind: 'position' } & TracePosition)

/** Where the hub has the event. */
export interface TracePosition {
  /** Partition id. */
  partition: string
  sequenceNumber: number
}

/**
 * `done`: it has happened. `waiting`: still to come. `never`: it does not come, as an earlier step says why. `gone`: it has
 * happened, and what it left is no longer kept. `unknown`: could not be read; `note` says why.
 */
export type StepState = 'done' | 'waiting' | 'never' | 'gone' | 'unknown'

interface Step<Name extends string, Facts> {
  step: Name
  state: StepState
  /** When it happened, epoch milliseconds; undefined: not known. */
  at?: number | undefined
  /** Size of what the step left behind of this event alone: body, line, row; undefined where rows have no size of their own. */
  bytes?: number | undefined
  /** For a person, one line. */
  note?: string | undefined
  facts?: Facts | undefined
}

/** A row as its table has it: times as ISO-8601 text, 64-bit numbers as numbers. */
export type TraceRow = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** The data file in which a row came. It may have been compacted since. */
export interface TableFile {
  /** Version of the commit that brought the row. */
  version: number
  /** Path in its container. */
  file: string
  fileBytes: number
  /** Undefined: its writer left no statistics. */
  fileRows: number | undefined
}

/** What the sender says. */
export type MadeStep = Step<
  'made',
  {
    /** The body as sent, decoded as UTF-8. */
    body: string
    /** Base64 of a body that is not UTF-8. */
    bodyBase64?: string | undefined
    deviceId: string | undefined
    /** Of our own stations only. */
    station: number | undefined
    number: number | undefined
  }
>
/** The hub's own facts. */
export type AcknowledgedStep = Step<
  'acknowledged',
  TracePosition & {
    offset: string
    partitionKey: string | undefined
    /** Events that the partition took at the same moment, this one included. */
    batchEvents: number
    /** False: there may be more of them than were looked at. */
    isBatchWhole: boolean
  }
>
/** A line, or why there is none. */
export type BronzeStep = Step<
  'bronze',
  {
    outcome: 'line' | 'rejected'
    file: string
    fileBytes: number
    /** From 1. */
    line?: number | undefined
    lines: number
    /** The line as it lies there, without its end. */
    text?: string | undefined
    /** The parser's words about a rejected body. */
    reason?: string | undefined
  }
>
/** The three ways out of silver. */
export type SilverStep = Step<
  'silver',
  | ({ outcome: 'row'; row: TraceRow } & TableFile)
  | ({ outcome: 'quarantine'; reasons: readonly string[]; raw: string } & TableFile)
  | { outcome: 'duplicate'; of: DuplicateOf }
>
/** The event that was kept in place of this one. */
export interface DuplicateOf {
  eventId: string
  /** Undefined: the hub no longer holds it. */
  position: TracePosition | undefined
  /** Epoch ms. */
  enqueuedAt: number
  /** The layer that kept it. */
  keptIn: 'silver' | 'quarantine'
}
/** The row as gold has it. */
export type GoldStep = Step<'gold', { row: TraceRow } & TableFile>

/** A row of means before and after the commit that took the event in; undefined: there was none. */
export interface MeansChange {
  /** Of the commit that counted the reading in. */
  version: number
  /** Files that the commit wrote. */
  files: readonly string[]
  before: TraceRow | undefined
  /** False: what was there before is no longer kept. */
  isBeforeKnown: boolean
  after: TraceRow | undefined
  /** Readings that the same commit took in, this one included; undefined: the commit does not say. */
  readings: number | undefined
}
/** The mean that it went into; `minute` is ISO 8601 in UTC. */
export type MinuteStep = Step<'minute', { minute: string; city: string } & MeansChange>
/** The mean that it went into; `date` is `yyyy-MM-dd` and `hour` 0 to 23, both UTC. */
export type AggregateStep = Step<'aggregate', { city: string; date: string; hour: number } & MeansChange>

/** One step of the way, or where it ended. */
export type TraceStep =
  | MadeStep
  | AcknowledgedStep
  | BronzeStep
  | SilverStep
  | GoldStep
  | MinuteStep
  | AggregateStep
/** In the order of the way. */
export type StepName = TraceStep['step']

/** One look. While steps still wait, another look may tell more. */
export interface Trace {
  /** As the body says it; undefined: it says none. */
  eventId: string | undefined
  position: TracePosition
  /** In the order in which they happen, all of them. */
  steps: readonly TraceStep[]
  /** When the look began, epoch milliseconds: how old this is. */
  lookedAt: number
  /** What the look has cost. */
  cost: { reads: number; listed: number; bytes: number }
}

/** Reads as little as one event needs, whatever the lake's size. */
export interface Tracer {
  /**
   * Looks once. @returns undefined when the hub holds no such event.
   * @throws ServiceError when the hub or the lake cannot be asked.
   */
  trace(query: TraceQuery, signal?: AbortSignal): Promise<Trace | undefined>
}

/** Nothing of it is still to come. */
export const isComplete = ({ steps }: Trace): boolean => steps.every(({ state }) => state !== 'waiting')
