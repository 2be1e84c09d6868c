/** Ids that follow from what they name: a reading that is sent again after a crash has the id it had before. */
import { hashText, mix } from '../runtime/random.ts'

/** The id of a station's reading; the same for the same two numbers. */
export type EventIds = (station: number, sequenceNumber: number) => string

/** Of a byte: a table of whole words has 2 MB, and is slower, as the caches do not hold it. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const ROUNDS = 6

/**
 * UUIDs (version 8 of RFC 9562: custom) from the seed, the data folder's run, the station and its sequence number.
 * A Feistel network turns (station, number) into 64 bits: being a permutation, it can never give two readings of one run
 * the same id. The other bits come from the run, and keep runs apart. Far cheaper than a cryptographic hash per reading.
 */
export function eventIds(seed: string, run: string): EventIds {
  const key = (name: string) => hashText(`${name}\u0000${seed}\u0000${run}`)
  const keys = Array.from({ length: ROUNDS }, (_, round) => key(`round ${round}`))
  const [runHigh, runLow] = [key('high'), key('low')]
  return (station, sequenceNumber) => {
    let left = station >>> 0
    let right = sequenceNumber >>> 0
    for (let round = 0; round < ROUNDS; round++) {
      const next = left ^ mix(right ^ (keys[round] as number))
      left = right
      right = next >>> 0
    }
    return format(left, right, mix(runHigh ^ left), mix(runLow ^ right))
  }
}

/** The first 48 and the last 16 of the 64 unique bits stand where the format leaves room; none is overwritten. */
function format(left: number, right: number, third: number, fourth: number): string {
  const version = 0x8000 | (third & 0x0fff)
  const variant = 0x8000 | (fourth & 0x3fff)
  return `${word(left >>> 16)}${word(left)}-${word(right >>> 16)}-${word(version)}-${word(variant)}-${word(right)}${word(third >>> 16)}${word(fourth >>> 16)}`
}

const word = (bits: number) => `${HEX[(bits >>> 8) & 0xff]}${HEX[bits & 0xff]}`
