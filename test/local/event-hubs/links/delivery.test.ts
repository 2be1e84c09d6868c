import rhea from 'rhea'
import { expect, it } from 'vitest'
import { forDelivery } from '../../../../src/local/event-hubs/links/delivery.ts'

const HEADER = [0, 0x53, 0x70, 0x45]
const REST = Buffer.from([0, 0x53, 0x73, 0x45, 0, 0x53, 0x75, 0xa0, 3, 0x61, 0x62, 0x63])
/** As the SDKs encode a plain event, and the same with its empty annotations in their short form. */
const PLAIN = Buffer.concat([Buffer.from([...HEADER, 0, 0x53, 0x72, 0xd1, 0, 0, 0, 4, 0, 0, 0, 0]), REST])
const SAME = Buffer.concat([Buffer.from([...HEADER, 0, 0x53, 0x72, 0xc1, 1, 0]), REST])

it.each([0, 9, 12_345, 2 ** 32, 2 ** 40 + 7])(
  'a plain event with number %i is delivered as any other',
  (number) => {
    const properties = { sequenceNumber: number, enqueuedAt: 1_796_000_000_123 }
    const delivered = forDelivery(PLAIN, properties)
    expect(delivered.equals(forDelivery(SAME, properties))).toBe(true)
    const decoded = rhea.message.decode(delivered) as unknown as {
      message_annotations: Record<string, unknown>
      body: { content: Buffer }
    }
    expect(decoded.body.content.toString()).toBe('abc')
    expect(decoded.message_annotations['x-opt-offset']).toBe(String(number))
    expect(Number(decoded.message_annotations['x-opt-sequence-number'])).toBe(number)
  },
)
