/** Ids that follow from what they name: a reading that is sent again after a crash has the id it had before. */
import { hashText, mix } from './random.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** A UUID (version 8, RFC 9562: custom) from the data folder's run, the seed, the station and its sequence number. */
export function eventIds(seed: string, run: string): (station: number, sequenceNumber: number) => string {
  const base = [
    hashText(`a${seed}/${run}`),
    hashText(`b${run}/${seed}`),
    hashText(`c${seed}${run}`),
    hashText(`d${run}${seed}`),
  ]
  return (station, sequenceNumber) => {
    // Station and number go in separately and whole, so that two different pairs cannot cancel each other out.
    const s = mix(station + 0x9e3779b9)
    const n = mix(sequenceNumber ^ 0x7f4a7c15)
    const a = mix((base[0] as number) ^ s) ^ n
    const b = mix((base[1] as number) ^ n) ^ mix(s + 0x165667b1)
    const c = mix((base[2] as number) ^ mix(s ^ sequenceNumber))
    const d = mix((base[3] as number) ^ mix(n ^ station))
    return format(mix(a), mix(b), c, d)
  }
}

function format(a: number, b: number, c: number, d: number): string {
  const byte = (value: number, index: number) => HEX[(value >>> (24 - 8 * index)) & 0xff] as string
  const version = HEX[0x80 | ((b >>> 8) & 0x0f)] as string
  const variant = HEX[0x80 | ((c >>> 24) & 0x3f)] as string
  return `${byte(a, 0)}${byte(a, 1)}${byte(a, 2)}${byte(a, 3)}-${byte(b, 0)}${byte(b, 1)}-${version}${byte(b, 3)}-${variant}${byte(c, 1)}-${byte(c, 2)}${byte(c, 3)}${byte(d, 0)}${byte(d, 1)}${byte(d, 2)}${byte(d, 3)}`
}
