import { expect, it } from 'vitest'
import { LineWriter } from '../../src/contract/bronze-line.ts'
import { flatObjectTest } from '../../src/contract/flat-object.ts'
import { Generator } from '../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../src/pipeline/generator/stations.ts'

const isFlatObject = flatObjectTest()
const NOON = Date.parse('2026-03-01T12:00:00Z')
const generator = new Generator(
  { seed: 'flat', run: 'flat', stations: 200, intervalMs: 1000, dirty: 0 },
  await drawStations('flat'),
)
const bodies = generator.make(1000, NOON, 1000).events.map(({ body }) => Buffer.from(body).toString('utf8'))

const isObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

it('takes every reading of the generator', () => {
  expect(bodies.length).toBeGreaterThan(100)
  expect(bodies.every(isFlatObject)).toBe(true)
})

it('takes nothing that the parser does not take for an object', () => {
  const [body = ''] = bodies
  const swaps = ['', '0', '-', '.', 'e', ' ', '"', '\\', ',', '{', '}', '[', ':', '\n', '\u0000', 'é', 'n']
  let taken = 0
  for (let at = 0; at <= body.length; at++)
    for (const swap of swaps)
      for (const text of [
        body.slice(0, at) + swap + body.slice(at),
        body.slice(0, at) + swap + body.slice(at + 1),
      ])
        if (isFlatObject(text)) {
          taken++
          expect(isObject(text), text).toBe(true)
        }
  expect(taken).toBeGreaterThan(1000)
  const numbers = [
    '0',
    '-0',
    '01',
    '1.',
    '.5',
    '1e5',
    '1E+5',
    '1e',
    '+1',
    '0x1',
    '1.5e-3',
    'NaN',
    'tru',
    'true',
    'null',
  ]
  for (const value of numbers) {
    const text = `{"a":${value}}`
    if (isFlatObject(text)) expect(isObject(text), text).toBe(true)
  }
  expect(isFlatObject('{}')).toBe(false)
  expect(isFlatObject('[{"a":1}]')).toBe(false)
  expect(isFlatObject('{"a":1}{"b":2}')).toBe(false)
})

it('gives the line that the parser gives', () => {
  const writer = new LineWriter(3, NOON)
  const place = { sequenceNumber: 7, enqueuedAt: NOON + 1 }
  for (const body of [
    ...bodies,
    '{"a":1,"PartitionId":9}',
    '{"SequenceNumber":"x"}',
    '{"city":"PartitionId"}',
  ]) {
    // A blank in front keeps the form away.
    const [parsed] = writer.lines(Buffer.from(` ${body}`), place) ?? []
    expect(writer.lines(Buffer.from(body), place)).toEqual([parsed])
    expect(JSON.parse(parsed ?? '')).toMatchObject({ PartitionId: 3, SequenceNumber: 7 })
  }
  expect(writer.lines(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), place)).toBeUndefined()
})
