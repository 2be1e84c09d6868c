/** Finds the number that each station goes on with, whatever ended the last session. */

import type { HubReader, PartitionProperties, ReceivedEvent } from '../ports/hub.ts'
import { MAX_STATIONS } from '../state/actions.ts'
import { countOf } from '../state/count-of.ts'
import { originOf } from './encode.ts'
import { type EventIds, eventIds } from './event-id.ts'
import type { GeneratorState } from './generator-state.ts'

/** Events read back at most when no saved state tells where to begin. */
export const READ_BACK_LIMIT = 500_000

/** What the generator begins with. */
export interface SequenceRecovery {
  run: string
  /** Next number per station. */
  numbers: StationNumbers
  /** `numbers` is complete up to here. */
  positions: Readonly<Record<string, number>>
  /** Readings that the hub had taken without the saved state knowing. */
  found: number
  /** Something that a person should know about the numbers; undefined: all is exact. */
  warning: string | undefined
}

/**
 * After an orderly stop the saved numbers are exact. After a crash the hub is asked what it took since the last save:
 * those readings are counted, and what was made without reaching the hub is made again, with the same ids.
 * Without saved state the stations go on behind the highest number that the hub still holds.
 * @throws ServiceError when the hub cannot be read.
 */
export async function recoverSequences(
  saved: GeneratorState | undefined,
  hub: HubReader,
  options: { seed: string; newRunId: () => string; signal?: AbortSignal },
): Promise<SequenceRecovery> {
  const { signal } = options
  const partitions = await hub.partitions(signal)
  const run = saved?.run ?? options.newRunId()
  const numbers = new StationNumbers(saved?.numbers)
  const positions = Object.fromEntries(partitions.map((one) => [one.id, one.lastEnqueuedSequenceNumber]))
  if (saved?.clean) return { run, numbers, positions, found: 0, warning: undefined }

  const from = saved ? savedPositions(saved, partitions) : boundedPositions(partitions)
  const idOf = saved ? eventIds(options.seed, run) : undefined
  let found = 0
  for await (const page of hub.readAfter(from.positions, signal)) found += countIn(page, numbers, idOf)
  const isMissing = !saved && (found > 0 || from.warning !== undefined)
  const warning = [isMissing ? NO_STATE : '', from.warning ?? ''].filter(Boolean).join(' ')
  return { run, numbers, positions, found, warning: warning === '' ? undefined : warning }
}

const NO_STATE =
  'The state of the generator is missing: numbers go on behind the highest ones that the hub still holds, and stations of which it holds none begin at 0.'

/** Next number per station; grows as stations turn up. */
export class StationNumbers {
  #next: Float64Array

  constructor(next: Float64Array = new Float64Array(0)) {
    this.#next = next.slice()
  }

  /** 0 for a station that has never sent. */
  next(station: number): number {
    return this.#next[station] ?? 0
  }

  /** The station's number has been taken: the next one follows it. Lower numbers are ignored. */
  take(station: number, number: number): void {
    if (station >= this.#next.length) {
      const grown = new Float64Array(Math.max(station + 1, this.#next.length * 2))
      grown.set(this.#next)
      this.#next = grown
    }
    if (number >= (this.#next[station] as number)) this.#next[station] = number + 1
  }

  /** A copy. */
  snapshot(): Float64Array {
    return this.#next.slice()
  }
}

/** @param idOf undefined: the ids of the lost run are unknown, so every reading in our form counts. */
function countIn(
  page: readonly ReceivedEvent[],
  numbers: StationNumbers,
  idOf: EventIds | undefined,
): number {
  let found = 0
  for (const { body } of page) {
    const origin = body && originOf(body)
    if (!origin || origin.station >= MAX_STATIONS) continue
    const { station, sequenceNumber, eventId } = origin
    const next = numbers.next(station)
    // A lower number is a copy, or a reading that was sent again: it says nothing new.
    if (sequenceNumber < next) continue
    // Other clients may use our names for devices. A reading of this run has its id; one corrupted so that it has none
    // counts as ours if it has the very next number, since the hub took them in order.
    const isOurs =
      !idOf || (eventId === undefined ? sequenceNumber === next : eventId === idOf(station, sequenceNumber))
    if (!isOurs) continue
    numbers.take(station, sequenceNumber)
    found++
  }
  return found
}

type Positions = { positions: ReadonlyMap<string, number>; warning: string | undefined }

function savedPositions(saved: GeneratorState, partitions: readonly PartitionProperties[]): Positions {
  const positions = new Map<string, number>()
  let expired = 0
  for (const { id, beginningSequenceNumber, lastEnqueuedSequenceNumber } of partitions) {
    const position = saved.positions[id] ?? -1
    // A hub that was made anew counts from 0 again: everything in it is later than what was saved.
    const known = position > lastEnqueuedSequenceNumber ? -1 : position
    expired += Math.max(0, beginningSequenceNumber - 1 - known)
    positions.set(id, known)
  }
  const warning =
    expired > 0
      ? `${countOf(expired, 'event')} expired in the hub before being read back: numbers taken there may be given again.`
      : undefined
  return { positions, warning }
}

function boundedPositions(partitions: readonly PartitionProperties[]): Positions {
  const share = Math.floor(READ_BACK_LIMIT / Math.max(1, partitions.length))
  const positions = new Map<string, number>()
  let unread = 0
  for (const { id, beginningSequenceNumber, lastEnqueuedSequenceNumber } of partitions) {
    const from = Math.max(beginningSequenceNumber - 1, lastEnqueuedSequenceNumber - share)
    unread += from - (beginningSequenceNumber - 1)
    positions.set(id, from)
  }
  return {
    positions,
    warning:
      unread > 0 ? `${countOf(unread, 'older event was', 'older events were')} not looked at.` : undefined,
  }
}
