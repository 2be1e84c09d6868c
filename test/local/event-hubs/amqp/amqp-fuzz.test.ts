/** What the hub lets through, every client can decode; and what it does not, ends in one kind of error. */
import rhea from 'rhea'
import { describe, expect, it } from 'vitest'
import {
  checkMessage,
  checkSections,
  messageBody,
  openBatch,
  partitionKeyOf,
  sections,
} from '../../../../src/local/event-hubs/amqp/sections.ts'
import { MalformedAmqpError } from '../../../../src/local/event-hubs/amqp/values.ts'
import { forDelivery } from '../../../../src/local/event-hubs/links/delivery.ts'
import { randomNumbers } from '../random-numbers.ts'

type Fields = Record<string, unknown>
const encode = (message: Fields): Buffer => rhea.message.encode(message as never) as unknown as Buffer

const fail = () => {
  throw new MalformedAmqpError('no body')
}

const samples = [
  encode({ body: rhea.message.data_section(Buffer.from('{"city":"Zürich"}')) }),
  encode({
    durable: true,
    ttl: 5,
    message_id: 'm-1',
    correlation_id: 7,
    content_type: 'application/json',
    message_annotations: { 'x-opt-partition-key': 'station-7', list: [1, 'two', { three: 3 }] },
    delivery_annotations: { hop: true },
    application_properties: { a: rhea.types.wrap_long(2 ** 40), b: 'b'.repeat(300), c: new Date(0), d: null },
    body: rhea.message.data_section(Buffer.alloc(400, 1)),
    footer: { end: 1 },
  }),
  encode({ body: { nested: { map: [true, 1.5, rhea.types.wrap_array([1, 2, 3], 0x70, undefined)] } } }),
  encode({ body: rhea.message.sequence_section([1, 2, 'three']) }),
]

describe('messages with bytes changed, cut or doubled at random', () => {
  it.each(samples.map((sample, index) => [index, sample] as const))('sample %i', (index, sample) => {
    const next = randomNumbers(index + 1)
    let accepted = 0
    for (let round = 0; round < 5000; round++) {
      const message = mutate(sample, next)
      const refusal = refusalOf(() => checkMessage(message))
      if (refusal) {
        expect(refusal).toBeInstanceOf(MalformedAmqpError)
        continue
      }
      accepted++
      partitionKeyOf(message)
      messageBody(message)
      const delivered = forDelivery(message, { sequenceNumber: 5, enqueuedAt: 1_800_000_000_000 })
      const decoded = rhea.message.decode(delivered)
      expect(decoded.message_annotations).toMatchObject({
        'x-opt-sequence-number': 5,
        'x-opt-offset': '5',
        'x-opt-enqueued-time': new Date(1_800_000_000_000),
      })
    }
    // Changes inside of texts and numbers pass, others do not.
    expect(accepted).toBeGreaterThan(100)
    expect(accepted).toBeLessThan(4900)
  })

  it.each([4, 400])(
    'events as the SDKs encode them, of %i bytes, are told right without their sections made',
    (bytes) => {
      const plain = encode({
        message_annotations: {},
        application_properties: {},
        body: rhea.message.data_section(Buffer.alloc(bytes, 1)),
      })
      const next = randomNumbers(bytes)
      expect(refusalOf(() => checkMessage(plain))).toBeUndefined()
      // Without its body it is one too.
      const whole = new Set([...sections(plain)].map(({ end }) => end))
      for (let length = 0; length < plain.length; length++) {
        const refusal = refusalOf(() => checkMessage(plain.subarray(0, length)))
        if (whole.has(length)) expect(refusal, `${length}`).toBeUndefined()
        else expect(refusal, `${length}`).toBeInstanceOf(MalformedAmqpError)
      }
      for (let round = 0; round < 5000; round++) {
        const message = mutate(plain, next)
        const isMessage = refusalOf(() => (message.length === 0 ? fail() : checkSections(message)))
        expect(refusalOf(() => checkMessage(message)) === undefined, message.toString('hex')).toBe(!isMessage)
      }
    },
  )

  it('a batch is opened alike whatever stands before, between and behind its events', () => {
    const event = Buffer.from('an event')
    const data = rhea.message.encode({ body: rhea.message.data_section(event) } as never) as unknown as Buffer
    const section = data.subarray(data.indexOf(Buffer.from([0, 0x53, 0x75])))
    const properties = encode({ message_id: 'm-1', body: null } as never).subarray(0, -4)
    const annotations = encode({
      message_annotations: { 'x-opt-partition-key': 'k' },
      body: null,
    } as never).subarray(0, -4)
    expect(openBatch(Buffer.concat([section, section]))).toEqual([event, event])
    expect(openBatch(Buffer.concat([annotations, section]))).toEqual([event])
    expect(openBatch(Buffer.concat([section, properties, section]))).toEqual([event, event])
    expect(refusalOf(() => openBatch(section.subarray(0, -1)))).toBeInstanceOf(MalformedAmqpError)
    expect(refusalOf(() => openBatch(Buffer.concat([section, section.subarray(0, 6)])))).toBeInstanceOf(
      MalformedAmqpError,
    )
  })

  it('batches', () => {
    const batch = encode({ body: rhea.message.data_sections(samples as never) })
    const next = randomNumbers(99)
    let refused = 0
    for (let round = 0; round < 5000; round++) {
      const refusal = refusalOf(() => openBatch(mutate(batch, next)).map((event) => checkMessage(event)))
      if (!refusal) continue
      refused++
      expect(refusal).toBeInstanceOf(MalformedAmqpError)
    }
    // Neither all of them nor none.
    expect(refused).toBeGreaterThan(100)
    expect(refused).toBeLessThan(4900)
  })
})

function mutate(sample: Buffer, next: (bound: number) => number): Buffer {
  const bytes = Buffer.from(sample)
  for (let change = next(3); change >= 0; change--) bytes[next(bytes.length)] = next(256)
  const kind = next(10)
  if (kind === 0) return bytes.subarray(0, next(bytes.length))
  if (kind === 1) return Buffer.concat([bytes, bytes.subarray(next(bytes.length))])
  return bytes
}

function refusalOf(action: () => unknown): unknown {
  try {
    action()
    return undefined
  } catch (error) {
    return error
  }
}
