import { describe, expect, it } from 'vitest'
import { LineWriter } from '../../src/contract/bronze-line.ts'
import { rejectionReason } from '../../src/contract/deserialization.ts'
import { LineBytes } from '../../src/contract/line-bytes.ts'

const place = { sequenceNumber: 1804, enqueuedAt: Date.parse('2026-11-24T02:07:11.123Z') }
const added = {
  EventProcessedUtcTime: '2026-11-24T02:07:12.000Z',
  PartitionId: 3,
  EventEnqueuedUtcTime: '2026-11-24T02:07:11.123Z',
  SequenceNumber: 1804,
}
const tail = JSON.stringify(added).slice(1)

const line = (body: string | Uint8Array) => lines(body)?.join('\n')

/** As texts; the bytes of a file must be the same. */
function lines(body: string | Uint8Array): string[] | undefined {
  const writer = () => new LineWriter(3, Date.parse('2026-11-24T02:07:12Z'))
  const made = writer().lines(Buffer.from(body as string), place)
  // Too small at first: it grows.
  const file = new LineBytes(1)
  expect(writer().add(file, Buffer.from(body as string), place)).toBe(made?.length)
  expect(file.bytes.toString('utf8')).toBe((made ?? []).map((one) => `${one}\n`).join(''))
  return made
}

it('a file has the bodies of each time behind each other', () => {
  const writer = new LineWriter(0, 0)
  const file = new LineBytes(300)
  const sent = Array.from({ length: 20 }, (_, n) => ({
    body: `{"city":"Tromsø","n":${n}}`,
    place: { sequenceNumber: 98 + n, enqueuedAt: 1000 + Math.floor(n / 4) },
  }))
  for (const { body, place: at } of sent) expect(writer.add(file, Buffer.from(body), at)).toBe(1)
  const read = file.bytes.toString('utf8').trimEnd().split('\n')
  expect(read).toEqual(sent.flatMap(({ body, place: at }) => writer.lines(Buffer.from(body), at)))
})

describe('a line of bronze', () => {
  it('is the event with what the service adds at its end', () => {
    expect(line('{"city":"Zürich","temperature":21}')).toBe(`{"city":"Zürich","temperature":21,${tail}`)
  })

  it.each([
    ['an empty object', '{}', `{${tail}`],
    ['an empty object with space inside', ' { \n } ', `{${tail}`],
    ['a byte-order mark', '\ufeff{"a":1}', `{"a":1,${tail}`],
    ['raw line breaks between tokens', '{\r\n  "a": 1,\n  "b": 2\n}\n', `{   "a": 1,   "b": 2,${tail}`],
    ['an escaped line break inside a string', '{"a":"x\\ny"}', `{"a":"x\\ny",${tail}`],
    ['numbers that a float cannot hold', '{"n":12345678901234567890123,"m":1e400}', undefined],
    ['a number of 401 digits', `{"n":1${'0'.repeat(400)},"m":-1${'0'.repeat(400)}.5}`, undefined],
    ['a repeated key', '{"a":1,"a":2}', `{"a":1,"a":2,${tail}`],
    ['a line separator that JSON allows in strings', '{"a":"x\u2028y"}', `{"a":"x\u2028y",${tail}`],
  ])('keeps %s to the letter', (_, body, expected) => {
    expect(line(body)).toBe(expected ?? `${body.slice(0, -1)},${tail}`)
  })

  it.each([
    ['plain', '{"PartitionId":"mine","city":"Oslo"}'],
    ['escaped', '{"\\u0050artitionId":"mine","city":"Oslo"}'],
    [
      'all of them, with space',
      '{ "city" : "Oslo" , "SequenceNumber" : {"a":[1,"}"]} , "EventEnqueuedUtcTime":"\\"" }',
    ],
    ['only', '{"PartitionId":"mine"}'],
  ])('an event that brings one of our fields loses it: %s', (_, body) => {
    const parsed = JSON.parse(line(body) as string)
    expect(parsed).toEqual({ ...(body.includes('city') ? { city: 'Oslo' } : {}), ...added })
    // No key stands twice, so every reader sees ours.
    for (const key of Object.keys(added)) expect(line(body)?.split(`"${key}"`)).toHaveLength(2)
  })

  it('keeps a huge number to the letter beside a field that is taken out', () => {
    const body =
      '{"n":12345678901234567890123,"PartitionId":7,"text":"{\\"PartitionId\\":1}","deep":{"PartitionId":2}}'
    expect(line(body)).toBe(
      `{"n":12345678901234567890123,"text":"{\\"PartitionId\\":1}","deep":{"PartitionId":2},${tail}`,
    )
  })

  it.each([
    ['an array', '[{"a":1}, {"b":[1,{"c":"],"}]}\n,{"a":1}]', ['{"a":1,', '{"b":[1,{"c":"],"}],', '{"a":1,']],
    ['an array of one', ' [ {"n":12345678901234567890123} ] ', ['{"n":12345678901234567890123,']],
    ['objects, each on its line', '{"a":1}\r\n\n{"b":2}\n', ['{"a":1,', '{"b":2,']],
    ['our own field among them', '[{"EventIndex":7,"a":1},{"a":1}]', ['{"a":1,', '{"a":1,']],
  ])('makes a row of each record, with its place: %s', (_, body, records) => {
    expect(lines(body)).toEqual(
      records.map((record, index) => `${record}${tail.slice(0, -1)},"EventIndex":${index}}`),
    )
  })

  it('takes nesting of any depth', () => {
    const deep = `{"PartitionId":0,"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    expect(line(deep)?.endsWith(tail)).toBe(true)
  })

  it.each([
    ['an empty array', '[]', 'the body is JSON, but an empty array, not an object or an array of objects'],
    ['an array with a number', '[{"a":1},2]', 'the body is JSON, but an array with other elements'],
    ['an array of arrays', '[[{"a":1}]]', 'the body is JSON, but an array with other elements'],
    ['too many records', `[${'{},'.repeat(20_000)}{}]`, 'an array of more than 20000 elements'],
    ['null', 'null', 'the body is JSON, but null, not an object'],
    ['a text', '"x"', 'the body is JSON, but a string, not an object'],
    ['a line that is no object', '{"a":1}\n2', 'the body is not JSON'],
    ['nothing', '', 'the body is empty'],
    ['half an object', '{"a":', 'the body is not JSON'],
    ['two objects', '{"a":1}{"b":2}', 'the body is not JSON'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'the body is not UTF-8'],
  ])('rejects %s with a reason', (_, body, reason) => {
    expect(line(body)).toBeUndefined()
    expect(rejectionReason(Buffer.from(body as string))).toContain(reason)
  })
})
