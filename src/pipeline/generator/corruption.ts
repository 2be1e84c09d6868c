/** Dirty data on purpose: each kind of bad reading that the pipeline must cope with. */
import type { Reading } from '../../contract/reading.ts'
import type { Random } from '../runtime/random.ts'
import { CORRUPTION_KINDS, type CorruptionKind } from '../state/state.ts'
import { encodeReading, formatTimestamp } from './encode.ts'

const HOUR_MS = 3_600_000

/** One of the kinds, each as likely as the others. */
export const chooseCorruption = (random: Random): CorruptionKind =>
  CORRUPTION_KINDS[Math.floor(random() * CORRUPTION_KINDS.length)] as CorruptionKind

/** A reading after it was corrupted. */
export interface Corrupted {
  /** The body. */
  text: string
  /** What it says; undefined when it is not JSON. */
  reading: Omit<Reading, 'eventId'> | undefined
}

/**
 * A reading, corrupted. `duplicate` is not made here: the generator sends an earlier reading once more.
 * Whatever is corrupted, the body names its station and number, so that its place in the sequence is known.
 * @param now epoch milliseconds at which the reading was made.
 */
export function corrupt(
  reading: Reading,
  kind: Exclude<CorruptionKind, 'duplicate'>,
  random: Random,
  now: number,
): Corrupted {
  switch (kind) {
    case 'missing eventId': {
      const { eventId: _, ...rest } = reading
      return { text: JSON.stringify(rest), reading: rest }
    }
    case 'temperature out of range':
      return encoded({
        ...reading,
        temperature: random() < 0.5 ? -91 - Math.floor(random() * 183) : 61 + Math.floor(random() * 900),
      })
    case 'humidity out of range':
      return encoded({ ...reading, humidity: random() < 0.5 ? -1 : 101 + Math.floor(random() * 100) })
    case 'blank city':
      return encoded({ ...reading, city: random() < 0.5 ? '' : '   ' })
    case 'bad timestamp':
      return encoded({ ...reading, timestamp: 'yesterday around noon' })
    case 'late':
      return encoded({ ...reading, timestamp: formatTimestamp(now - HOUR_MS * (1 + random() * 23)) })
    case 'not JSON':
      return {
        text: `${reading.deviceId};${reading.deviceSequenceNumber};${reading.temperature} C`,
        reading: undefined,
      }
  }
}

const encoded = (reading: Reading): Corrupted => ({ text: encodeReading(reading), reading })
