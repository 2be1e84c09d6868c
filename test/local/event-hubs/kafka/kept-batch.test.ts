/** Batches as the log keeps them: what is let in can be made into events, and what is sent out is a right batch of the hub. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { checkRecords } from '../../../../src/local/event-hubs/kafka/records/check-records.ts'
import { crc32c, crc32cOfChange } from '../../../../src/local/event-hubs/kafka/records/crc32c.ts'
import { eventsOfRecords } from '../../../../src/local/event-hubs/kafka/records/events-of-records.ts'
import { eventsOfKept, incomingBatch } from '../../../../src/local/event-hubs/kafka/records/kept-batch.ts'
import { openBatch } from '../../../../src/local/event-hubs/kafka/records/record-batch.ts'
import { MalformedKafkaError } from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import { randomNumbers } from '../random-numbers.ts'
import { decodeBatches, encodeBatch, encodeRecords, type KafkaRecord, record } from './batches.ts'

const RECORDS: KafkaRecord[] = [
  record('v', { key: Buffer.from('k'), headers: [{ name: 'h', value: undefined }] }),
  { key: undefined, value: undefined, headers: [] },
  record(Buffer.alloc(300, 7), { key: Buffer.alloc(0), headers: [{ name: 'ä', value: Buffer.of(0) }] }),
]

const reasonOf = (run: () => unknown): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedKafkaError)
    return (error as Error).message
  }
}

const kept = (batch: Buffer, place = { firstSequenceNumber: 5_000_000_000, enqueuedAt: 2 ** 41 + 3 }) =>
  incomingBatch(batch, openBatch(batch, 1e6))?.place(place)

it('lets in exactly the records of which events can be made, and tells the others by the same reasons', () => {
  const random = randomNumbers(231)
  const whole = encodeRecords(RECORDS)
  let refused = 0
  for (let round = 0; round < 6000; round++) {
    const content = Buffer.from(whole.subarray(0, random(3) === 0 ? random(whole.length + 1) : whole.length))
    for (let change = random(4); change > 0 && content.length > 0; change--)
      content[random(content.length)] = random(256)
    const count = random(5) === 0 ? random(6) : RECORDS.length
    const reason = reasonOf(() => checkRecords(content, count))
    expect(reason).toBe(reasonOf(() => eventsOfRecords(content, count)))
    if (reason !== undefined) refused++
  }
  expect(refused).toBeGreaterThan(1500)
  expect(refused).toBeLessThan(4500)
})

describe('a batch in the log', () => {
  it.each([
    ['of three records', encodeBatch(RECORDS)],
    ['of one record', encodeBatch([record('x')])],
    ['of an idempotent producer', encodeBatch(RECORDS, { producerId: 7, epoch: 1, baseSequence: 12 })],
    ['that is gzipped', encodeBatch(RECORDS, { codec: 1 }, gzipSync(encodeRecords(RECORDS)))],
  ])('%s has the offsets and the time of the hub, and a check sum that is right', (_, sent) => {
    const bytes = kept(Buffer.from(sent)) as Buffer
    const records = decodeBatches(bytes)
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_one, index) => 5_000_000_000 + index))
    expect(records[0]?.timestamp).toBe(2 ** 41 + 3)
    expect(bytes.readBigInt64BE(35)).toBe(BigInt(2 ** 41 + 3))
    // The kind of its time is that of the log; who sent it, and what, is as it was.
    expect(bytes.readInt16BE(21)).toBe(sent.readInt16BE(21) | 0x08)
    expect(bytes.subarray(43)).toEqual(sent.subarray(43))
    expect(bytes.readInt32BE(12)).toBe(-1)
    expect(eventsOfKept(bytes)).toEqual(
      eventsOfRecords(openBatch(Buffer.from(sent), 1e6).content, records.length),
    )
  })

  it('keeps no bit of its attributes but the codec', () => {
    const sent = encodeBatch([record('x')], { codec: 0x48 })
    expect((kept(sent) as Buffer).readInt16BE(21)).toBe(0x08)
  })

  it('is none whose records number themselves otherwise: its events get a batch of the hub’s own', () => {
    // The second record says that it is the first; the header, that there are four.
    const records = encodeRecords(RECORDS)
    const second = 1 + (records[0] as number) / 2
    expect(records[second + 3]).toBe(2)
    records[second + 3] = 0
    expect(kept(encodeBatch(RECORDS, {}, records))).toBeUndefined()
    const header = encodeBatch(RECORDS)
    header.writeInt32BE(3, 23)
    header.writeUInt32BE(crc32c(header, 21), 17)
    expect(kept(header)).toBeUndefined()
    expect(kept(encodeBatch(RECORDS))).toBeDefined()
  })
})

it('the check sum of a change is what it changes the check sum by, whatever stands behind', () => {
  const random = randomNumbers(232)
  for (const behind of [0, 1, 2, 3, 255, 256, 4097, 1_000_000]) {
    const bytes = Buffer.from(Array.from({ length: 22 }, () => random(256)))
    const whole = Buffer.concat([bytes, Buffer.alloc(behind, random(256))])
    const before = crc32c(whole)
    const change = Buffer.from(Array.from({ length: 22 }, () => random(256)))
    for (const [at, byte] of change.entries()) whole[at] = (whole[at] as number) ^ byte
    expect((before ^ crc32cOfChange(change, behind)) >>> 0, String(behind)).toBe(crc32c(whole))
  }
})
