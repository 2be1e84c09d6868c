/** Kafka's records as events and back: the service's mapping, in one pass over bytes, held against a library's encoding. */
import rhea, { type Message } from 'rhea'
import { describe, expect, it } from 'vitest'
import { encodeMessage } from '../../../../src/local/event-hubs/amqp/library.ts'
import { packEvents, unpackEvents } from '../../../../src/local/event-hubs/amqp/packed-events.ts'
import { crc32c } from '../../../../src/local/event-hubs/kafka/records/crc32c.ts'
import { eventsOfRecords } from '../../../../src/local/event-hubs/kafka/records/events-of-records.ts'
import { openBatch } from '../../../../src/local/event-hubs/kafka/records/record-batch.ts'
import { recordsOfEvents } from '../../../../src/local/event-hubs/kafka/records/records-of-events.ts'
import { MalformedKafkaError } from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import { randomNumbers } from '../random-numbers.ts'
import {
  decodeBatches,
  decodeMessage,
  encodeBatch,
  encodeRecords,
  type KafkaRecord,
  messageOf,
  record,
  varint,
} from './batches.ts'

const { types } = rhea
const BINARY_KEY = Buffer.of(0, 0, 0, 0, 0x81, 0xff, 0, 7)

const toEvents = (records: readonly KafkaRecord[]): Buffer[] => [
  ...unpackEvents(eventsOfRecords(encodeRecords(records), records.length)),
]
const page = (messages: readonly Uint8Array[], firstSequenceNumber = 0, enqueuedAt = 1000) => ({
  firstSequenceNumber,
  count: messages.length,
  enqueuedAt,
  events: packEvents(messages),
})
const toRecords = (messages: readonly Uint8Array[]): KafkaRecord[] =>
  decodeBatches(recordsOfEvents([page(messages)])).map(({ key, value, headers }) => ({ key, value, headers }))
const amqp = (message: Message) => encodeMessage(message)
const headersOf = (message: Message) =>
  Object.fromEntries(
    (toRecords([amqp(message)])[0] as KafkaRecord).headers.map(({ name, value }) => [name, value]),
  )

const EMPTY: KafkaRecord = { key: undefined, value: undefined, headers: [] }
const RECORDS: KafkaRecord[] = [
  record('v', { key: Buffer.from('k'), headers: [{ name: 'h', value: undefined }] }),
  { key: undefined, value: undefined, headers: [] },
  record(Buffer.alloc(300, 7), { key: Buffer.alloc(0), headers: [{ name: 'ä', value: Buffer.of(0) }] }),
  record(Buffer.alloc(0), { key: Buffer.from('ü'.repeat(200)) }),
  record('x', { headers: [{ name: 'n'.repeat(300), value: Buffer.alloc(70_000, 1) }] }),
]

describe('record batches', () => {
  it('have the check sum of the standard', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.from('xx123456789y'), 2, 11)).toBe(0xe3069283)
  })

  it('that are cut off or changed anywhere are refused', () => {
    const whole = encodeBatch(RECORDS.slice(0, 3))
    for (let length = 0; length < whole.length; length++)
      expect(() => openBatch(whole.subarray(0, length), 10_000), String(length)).toThrow(MalformedKafkaError)
    // Offset, leader epoch: the hub's own, whatever stands there.
    for (let at = 16; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ 0x55
      expect(() => openBatch(changed, 10_000), String(at)).toThrow(MalformedKafkaError)
    }
  })

  it('are given back with the offsets and the time of the hub, those of one time in one batch', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((value) => messageOf(record(value))) as [Buffer, Buffer, Buffer]
    const bytes = recordsOfEvents([page([a], 7, 1000), page([b], 8, 1000), page([c], 9, 2 ** 41)])
    expect(
      decodeBatches(bytes).map(({ offset, timestamp, value }) => [offset, timestamp, String(value)]),
    ).toEqual([
      [7, 1000, 'a'],
      [8, 1000, 'b'],
      [9, 2 ** 41, 'c'],
    ])
    expect(bytes.readInt32BE(8) + 12).toBeLessThan(bytes.length)
    expect(bytes.readInt32BE(57)).toBe(2)
  })

  it('come back as they were, of any size', () => {
    expect(toRecords(toEvents(RECORDS))).toEqual(RECORDS)
    const random = randomNumbers(23)
    const bytes = (most: number) => Buffer.from(Array.from({ length: random(most) }, () => random(256)))
    const some = Array.from({ length: 500 }, () => ({
      key: random(2) === 0 ? undefined : bytes(random(20) === 0 ? 400 : 20),
      value: random(9) === 0 ? undefined : bytes(random(20) === 0 ? 20_000 : 300),
      headers: Array.from({ length: random(4) }, (_, index) => ({
        name: `${index}${'x'.repeat(random(10) === 0 ? 300 : 5)}`,
        value: random(5) === 0 ? undefined : bytes(40),
      })),
    }))
    expect(toRecords(toEvents(some))).toEqual(some)
  })
})

describe('records as events', () => {
  it('hold what a library puts into them', () => {
    const decoded = (bytes: Buffer) => {
      const {
        body,
        message_annotations: annotations,
        application_properties: properties,
      } = decodeMessage(bytes)
      return { body, annotations, properties }
    }
    expect(toEvents(RECORDS).map(decoded)).toEqual(RECORDS.map((one) => decoded(messageOf(one))))
  })

  it('with a key that is no text have a partition key that every client reads, and the key itself', () => {
    const [event] = toEvents([record('v', { key: BINARY_KEY })])
    const { message_annotations: annotations } = decodeMessage(event as Buffer)
    expect(annotations?.['x-opt-partition-key']).toBe(BINARY_KEY.toString('utf8'))
    expect(annotations?.['x-opt-kafka-key']).toEqual(BINARY_KEY)
    expect(toRecords([event as Buffer])[0]?.key).toEqual(BINARY_KEY)
  })

  it.each([
    ['a record that is cut off', [encodeRecords([record('v')]).subarray(0, -1)], 1],
    ['bytes behind the last record', [encodeRecords([record('v')]), Buffer.of(0)], 1],
    ['fewer records than it says', [encodeRecords([record('v')])], 2],
    [
      'bytes behind a record',
      [varint(8), Buffer.of(0), varint(0), varint(0), varint(-1), varint(-1), varint(0), Buffer.of(1, 1)],
      1,
    ],
    [
      'a record within a record',
      [
        varint(13),
        Buffer.of(0),
        varint(0),
        varint(0),
        varint(-1),
        varint(-1),
        varint(0),
        encodeRecords([EMPTY]),
      ],
      2,
    ],
    [
      'a value longer than its record',
      [varint(6), Buffer.of(0), varint(0), varint(0), varint(-1), varint(60), varint(0)],
      1,
    ],
    [
      'a value of negative length',
      [varint(6), Buffer.of(0), varint(0), varint(0), varint(-1), varint(-2), varint(0)],
      1,
    ],
    [
      'more headers than fit',
      [varint(6), Buffer.of(0), varint(0), varint(0), varint(-1), varint(-1), varint(9)],
      1,
    ],
    [
      'a header without a name',
      [
        varint(8),
        Buffer.of(0),
        varint(0),
        varint(0),
        varint(-1),
        varint(-1),
        varint(1),
        varint(-1),
        varint(-1),
      ],
      1,
    ],
    ['a length without end', [Buffer.alloc(12, 0xff)], 1],
    ['a time without end', [varint(12), Buffer.of(0), Buffer.alloc(11, 0xff)], 1],
  ])('are refused with %s', (_, parts, count) => {
    expect(() => eventsOfRecords(Buffer.concat(parts), count)).toThrow(MalformedKafkaError)
  })
})

describe('events as records', () => {
  it('bring properties as AMQP encodes them, with their type; a binary one as its bytes', () => {
    expect(
      headersOf({
        body: 'x',
        application_properties: {
          text: 'hello',
          number: types.wrap_int(1234),
          yes: true,
          nothing: null,
          bytes: types.wrap_binary(Buffer.of(1, 2)),
        },
      }),
    ).toEqual({
      text: Buffer.from('\xa1\x05hello', 'latin1'),
      number: Buffer.of(0x71, 0, 0, 4, 210),
      yes: Buffer.of(0x41),
      nothing: undefined,
      bytes: Buffer.of(1, 2),
    })
  })

  it('bring what the sender has annotated, as IoT Hub does, and nothing that is between the service and its clients', () => {
    expect(
      headersOf({
        body: 'x',
        message_annotations: {
          'iothub-connection-device-id': types.wrap_string('station-7'),
          'iothub-enqueuedtime': types.wrap_timestamp(2 ** 41),
          'x-opt-partition-key': types.wrap_string('k'),
          'x-opt-mine': types.wrap_int(1),
          x: null,
        },
        application_properties: { x: 'a property' },
      }),
    ).toEqual({
      'iothub-connection-device-id': Buffer.from('\xa1\x09station-7', 'latin1'),
      'iothub-enqueuedtime': Buffer.of(0x83, 0, 0, 2, 0, 0, 0, 0, 0),
      x: Buffer.from('\xa1\x0aa property', 'latin1'),
    })
    const annotated = amqp({ body: 'x', message_annotations: { x: null, y: null } })
    expect(toRecords([annotated])[0]?.headers).toEqual([
      { name: 'x', value: undefined },
      { name: 'y', value: undefined },
    ])
    // A key is all that the bytes end with.
    const [at, end] = [
      annotated.indexOf(Buffer.of(0, 0x53, 0x72)),
      annotated.indexOf(Buffer.of(0, 0x53, 0x77)),
    ]
    const last = Buffer.concat([
      annotated.subarray(0, at),
      annotated.subarray(end),
      annotated.subarray(at, end),
    ])
    expect(toRecords([last])[0]?.headers).toHaveLength(2)
  })

  it('bring seven fields of the message as text, and properties of their names', () => {
    expect(
      headersOf({
        body: 'x',
        message_id: 'm-1',
        user_id: 'somebody' as never,
        to: 'there',
        subject: 'not one of them',
        reply_to: 'back',
        correlation_id: 'neither',
        content_type: 'application/json',
        content_encoding: 'utf-8',
        creation_time: new Date('2026-03-01T12:00:00Z'),
        application_properties: { 'content-type': 'text/plain', to: types.wrap_int(1) },
      }),
    ).toEqual({
      'message-id': Buffer.from('m-1'),
      'user-id': Buffer.from('somebody'),
      to: Buffer.of(0x54, 1),
      'reply-to': Buffer.from('back'),
      'content-encoding': Buffer.from('utf-8'),
      'creation-time': Buffer.from('2026-03-01T12:00:00.000Z'),
      'content-type': Buffer.from('text/plain'),
    })
    expect(headersOf({ body: 'x', message_id: types.wrap_ulong(77) as never })).toEqual({
      'message-id': Buffer.from('77'),
    })
  })

  it('have a body of one data section, of several joined, of a text; of null none', () => {
    const data = (...parts: (string | null)[]) =>
      Buffer.concat(
        parts.map((part) =>
          amqp({ body: rhea.message.data_section(part === null ? (null as never) : Buffer.from(part)) }),
        ),
      )
    const valueIn = (bytes: Buffer) => toRecords([bytes])[0]?.value?.toString()
    expect(valueIn(data('one'))).toBe('one')
    expect(valueIn(data('one', 'two'))).toBe('onetwo')
    expect(valueIn(data(null))).toBeUndefined()
    expect(valueIn(data('one', null))).toBe('one')
    expect(valueIn(amqp({ body: 'a text' }))).toBe('a text')
    expect(valueIn(data('x'.repeat(300)))).toBe('x'.repeat(300))
  })

  it('with a wide number in front of a section are the same', () => {
    const narrow = amqp({
      body: rhea.message.data_section(Buffer.from('v')),
      application_properties: { a: 'b' },
    })
    const wide: Buffer[] = []
    let at = 0
    for (const start of [0, narrow.indexOf(Buffer.of(0x00, 0x53, 0x75))].sort((one, other) => one - other)) {
      wide.push(
        narrow.subarray(at, start),
        Buffer.of(0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, narrow[start + 2] as number),
      )
      at = start + 3
    }
    wide.push(narrow.subarray(at))
    expect(toRecords([Buffer.concat(wide)])).toEqual(toRecords([narrow]))
  })

  it('have the partition key as their key, whatever else stands beside it', () => {
    const [one] = toRecords([
      amqp({
        body: 'x',
        message_annotations: {
          'x-opt-other': types.wrap_int(1),
          'x-opt-partition-key': types.wrap_string('station-7'),
          'x-opt-partition-kez': types.wrap_string('no'),
        },
      }),
    ])
    expect(one?.key?.toString()).toBe('station-7')
    // In any order, what Kafka's client sent goes before.
    const message_annotations = {
      'x-opt-kafka-key': types.wrap_binary(BINARY_KEY),
      'x-opt-partition-key': types.wrap_string('�'),
    }
    expect(toRecords([amqp({ body: 'x', message_annotations })])[0]?.key).toEqual(BINARY_KEY)
  })
})
