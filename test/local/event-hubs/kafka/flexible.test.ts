/** The flexible encoding (KIP-482), byte by byte: as its document has it, and as no client sends it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  KafkaReader,
  KafkaWriter,
  MalformedKafkaError,
} from '../../../../src/local/event-hubs/kafka/wire/values.ts'
import { Bare } from './bare-client.ts'
import { type KafkaFixture, startKafkaFixture } from './kafka-fixture.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const text = (value: string) => Buffer.from(value).toString('hex')
const message = (body: string) => {
  const bytes = hex(body)
  return Buffer.concat([new KafkaWriter().int32(bytes.length).end(), bytes])
}
const reader = (bytes: string) => {
  const made = new KafkaReader(hex(bytes))
  made.beFlexible()
  return made
}
const writer = () => new KafkaWriter().beFlexible()

describe('values', () => {
  it.each<[string, string, (to: KafkaWriter) => unknown, (from: KafkaReader) => unknown, unknown]>([
    ['an absent text', '00', (to) => to.string(undefined), (from) => from.nullableString(), undefined],
    ['an empty text', '01', (to) => to.string(''), (from) => from.nullableString(), ''],
    ['a text', `04 ${text('abc')}`, (to) => to.string('abc'), (from) => from.string(), 'abc'],
    ['absent bytes', '00', (to) => to.bytes(undefined), (from) => from.nullableBytes(), undefined],
    ['bytes', '03 0102', (to) => to.bytes(hex('0102')), (from) => from.bytes(), hex('0102')],
    [
      'an absent list',
      '00',
      (to) => to.list(undefined, () => {}),
      (from) => from.nullableList(from.int8),
      undefined,
    ],
    [
      'a list',
      '03 05 06',
      (to) => to.list([5, 6], (one) => to.int8(one)),
      (from) => from.list(from.int8),
      [5, 6],
    ],
    [
      'structures',
      '03 05 00 06 00',
      (to) => to.array([5, 6], (one) => to.int8(one)),
      (from) => from.array(from.int8),
      [5, 6],
    ],
    [
      'absent structures',
      '00',
      (to) => to.array(undefined, () => {}),
      (from) => from.nullableArray(from.int8),
      undefined,
    ],
  ])('%s', (_, bytes, write, read, value) => {
    const made = writer()
    write(made)
    expect(made.end().toString('hex')).toBe(bytes.replaceAll(' ', ''))
    const from = reader(bytes)
    expect(read(from)).toEqual(value)
    expect(from.left).toBe(0)
  })

  it.each([
    [126, '7f'],
    [127, '8001'],
    [16_382, 'ff7f'],
    [16_383, '808001'],
    [2_097_151, '80808001'],
  ])('a length of %i', (length, varint) => {
    const bytes = writer().bytes(Buffer.alloc(length)).end()
    expect(bytes.subarray(0, -length).toString('hex')).toBe(varint)
    expect(reader(bytes.toString('hex')).bytes()).toHaveLength(length)
  })

  it('fields that nobody here knows are passed over', () => {
    const from = reader('03 05 02 00 01 ff 8001 00 06 01 07 02 abcd 09')
    expect(from.array(from.int8)).toEqual([5, 6])
    expect(from.int8()).toBe(9)
  })

  it.each([
    ['a length of more bytes than any needs', '808080808000', (from: KafkaReader) => from.nullableString()],
    ['a length of more than there is', 'ffffffff0f', (from: KafkaReader) => from.bytes()],
    ['more items than bytes', '05 01 02 03', (from: KafkaReader) => from.list(from.int8)],
    ['more fields than bytes', 'ffffffff0f 00 00 01 00', (from: KafkaReader) => from.tags()],
    ['a field that is longer than the message', '01 00 05 01', (from: KafkaReader) => from.tags()],
    ['an absent text where one must be', '00', (from: KafkaReader) => from.string()],
  ])('%s is refused', (_, bytes, read) => {
    expect(() => read(reader(bytes))).toThrow(MalformedKafkaError)
  })

  it('nothing is added in the older encoding', () => {
    const made = new KafkaWriter()
    made.tags().array(['a'], (one) => made.string(one))
    expect(made.tags().end().toString('hex')).toBe('00000001000161')
    const from = new KafkaReader(hex('00000001000161'))
    from.tags()
    expect(from.array(from.string)).toEqual(['a'])
  })
})

describe('a connection', () => {
  let fixture: KafkaFixture
  beforeAll(async () => {
    fixture = await startKafkaFixture({ partitions: 1 })
  })
  afterAll(() => fixture.close())
  /** Key and version, the id 7, the client's name with its length as before, and no further fields. */
  const head = (key: number, version: number, tags = '00') =>
    `${new KafkaWriter().int16(key).int16(version).int32(7).string('raw').end().toString('hex')}${tags}`
  const rest = (from: KafkaReader) => from.rest().toString('hex')

  it('is told the versions in the flexible encoding, behind a head of the older one', async () => {
    const bare = new Bare(fixture)
    const answer = await bare.ask(message(`${head(18, 3)} 04${text('abc')} 02${text('1')} 00`))
    expect([answer.int32(), answer.int16()]).toEqual([7, 0])
    answer.beFlexible()
    const versions = answer.array(() => [answer.int16(), answer.int16(), answer.int16()])
    expect(versions).toContainEqual([1, 4, 12])
    // Throttle time; no further fields.
    expect(rest(answer)).toBe('0000000000')
    bare.socket.destroy()
  })

  it('that asks for the versions in one of the future is told which it may ask in, as the service was seen to', async () => {
    const bare = new Bare(fixture)
    const answer = await bare.ask(message(`${head(18, 4)} 04${text('abc')} 02${text('1')} 00`))
    // Of 20 bytes with its length: id, error, one entry.
    expect(rest(answer)).toBe('00000007 0023 00000001 0012 0000 0003'.replaceAll(' ', ''))
    bare.socket.destroy()
  })

  it('may send fields that the hub does not know, in the head and in structures', async () => {
    const bare = await Bare.signedIn(fixture)
    // A field 5 of two bytes in the head; of the topic; of the request.
    const tagged = '01 05 02 abcd'
    const answer = await bare.ask(
      message(`${head(3, 9, tagged)} 02 02${text('x')} ${tagged} 00 00 00 ${tagged}`),
    )
    expect(answer.int32()).toBe(7)
    answer.beFlexible()
    answer.tags()
    answer.int32()
    answer.array(() => [answer.int32(), answer.string(), answer.int32(), answer.nullableString()])
    expect([answer.string(), answer.int32()]).toEqual(['rtstream-local.servicebus.windows.net', 0])
    const topics = answer.array(() => [
      answer.int16(),
      answer.string(),
      answer.boolean(),
      answer.array(() => {}),
      answer.int32(),
    ])
    expect(topics).toEqual([[3, 'x', false, [], -(2 ** 31)]])
    expect(rest(answer)).toBe('8000000000')
    bare.socket.destroy()
  })

  it('is ended by a head whose fields have no end', async () => {
    const bare = await Bare.signedIn(fixture)
    bare.socket.write(message(head(3, 9, 'ffffffff0f')))
    await bare.closed()
  })
})
