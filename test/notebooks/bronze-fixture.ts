/** Bronze as the product makes it: readings of its own generator, through the lines and names of its own job. */
import { utimesSync } from 'node:fs'
import { bronzeFileName, bronzeFolder } from '../../src/contract/bronze-layout.ts'
import { LineWriter } from '../../src/contract/bronze-line.ts'
import { partitionOf } from '../../src/contract/partition-hash.ts'
import { LakeFolder } from '../../src/local/data-lake/store/folder.ts'
import { Generator } from '../../src/pipeline/generator/generator.ts'
import { drawStations } from '../../src/pipeline/generator/stations.ts'

const PARTITIONS = 4
const WINDOW_MS = 5000

export interface BronzeOptions {
  /** At least that many readings are made. */
  readings: number
  stations: number
  dirty: number
  seed: string
  /** Epoch milliseconds of the first one. */
  from: number
}

/** @returns lines placed; those whose body is no JSON object are none, as the job rejects them. */
export async function placeGenerated(root: string, options: BronzeOptions): Promise<number> {
  const { seed, stations, dirty } = options
  const lake = new LakeFolder(root, { limitBytes: 10_000_000_000, clock: { now: () => options.from } })
  const generator = new Generator(
    { seed, run: 'fixture', stations, intervalMs: 10_000, dirty },
    await drawStations(seed),
  )
  const next = new Array<number>(PARTITIONS).fill(0)
  let made = 0
  let placed = 0
  for (let at = options.from; made < options.readings; at += WINDOW_MS) {
    const { events } = generator.make(WINDOW_MS, at, 1_000_000)
    made += events.length
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const own = events.filter(({ partitionKey }) => partitionOf(partitionKey, PARTITIONS) === partition)
      const first = next[partition] as number
      const writer = new LineWriter(partition, at + 900)
      const lines = own
        .map(({ body }, index) =>
          writer.lines(body, { sequenceNumber: first + index, enqueuedAt: at + (index % 800) }),
        )
        .filter((line) => line !== undefined)
      next[partition] = first + own.length
      if (own.length === 0) continue
      placed += lines.length
      const name = bronzeFileName({
        partition,
        firstSequenceNumber: first,
        lastSequenceNumber: first + own.length - 1,
        rows: lines.length,
      })
      const path = `${bronzeFolder(new Date(at))}/${name}`
      await lake.place('bronze', path, `${lines.join('\n')}\n`)
      // Spark takes files in the order of their times.
      utimesSync(lake.resolve('bronze', path), at / 1000, at / 1000)
    }
  }
  return placed
}

const GOOD = {
  eventId: 'hand-made',
  deviceId: 'station-00001',
  deviceSequenceNumber: 7,
  city: 'Oslo',
  temperature: 20,
  humidity: 50,
  timestamp: '2026-03-01 12:00:00',
  createdAt: '2026-03-01T12:00:00.123Z',
  EventProcessedUtcTime: '2026-03-01T12:59:01.1230000Z',
  PartitionId: 0,
  EventEnqueuedUtcTime: '2026-03-01T12:59:00.1234567Z',
  SequenceNumber: 900_000_000,
}

/** A value as it stands in JSON, so that numbers keep their form. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  eventId: ['""', '" "', '"\\u00a0"', '7', 'null', '"\\u0000"', '{"a":1}', '" a "', '"ÉÈ"'],
  deviceId: ['null', '5', '""', '"站-1"'],
  deviceSequenceNumber: [
    'null',
    '-1',
    '"12"',
    '" 12 "',
    '12.0',
    '1e3',
    '9007199254740993',
    '999999999999999999',
    '1e18',
    '"1.0"',
    'true',
  ],
  city: [
    'null',
    '""',
    '"   "',
    '"\\u3000\\u2003"',
    '"\\ufeff"',
    '"\\u200b"',
    '" Zürich\\t"',
    '"東京"',
    '"Ἀθῆναι"',
    '"\\ud83c\\udf0d"',
    '5',
    'true',
    '["Oslo"]',
    '{"name":"Oslo"}',
    '"O\\u0073lo"',
    '"a\\nb"',
    '"ﬁ"',
    '"İstanbul"',
    '"\\u0085Oslo"',
    '"\\u180eOslo"',
  ],
  temperature: [
    'null',
    '"20"',
    '" 20 "',
    '"20.0"',
    '"20."',
    '"+20"',
    '"-90"',
    '"-0"',
    '-0',
    '20.0',
    '2.0e1',
    '2e1',
    '200e-1',
    '20.5',
    '-90',
    '60',
    '61',
    '-91',
    '-90.0000001',
    '60.00000000000000001',
    '1e400',
    '-1e400',
    `1${'0'.repeat(400)}`,
    `-1${'0'.repeat(400)}`,
    '123456789012345678901234567890',
    'true',
    '[20]',
    '{"c":20}',
    '"2e1"',
    '"٢٠"',
    '"1000000000"',
    '1e9',
    '"0x14"',
    '"NaN"',
    '""',
  ],
  humidity: ['null', '"50"', '50.0', '0', '100', '101', '-1', '-0.0', '5e-324', '"1_0"', '"100.00"', 'false'],
  timestamp: [
    'null',
    '""',
    '5',
    '"2026-03-01 00:00:00"',
    '"2026-03-01 23:59:59"',
    '"2026-03-01 23:59:60"',
    '"2016-12-31 23:59:60"',
    '"2026-03-01 24:00:00"',
    '"2024-02-29 12:00:00"',
    '"2025-02-29 12:00:00"',
    '"1900-02-29 12:00:00"',
    '"2000-02-29 12:00:00"',
    '"2026-03-01T12:00:00"',
    '"2026-03-01T12:00:00Z"',
    '"2026-03-01 12:00:00Z"',
    '"2026-03-01t12:00:00z"',
    '"2026-03-01 12:00"',
    '"2026-3-1 12:00:00"',
    '"0001-01-01 00:00:00"',
    '"0000-12-31 23:59:59"',
    '"9999-12-31 23:59:59"',
    '"10000-01-01 00:00:00"',
    '"1582-10-10 12:00:00"',
    '"1970-01-01 00:00:00"',
    '"2026-03-01 12:00:00 "',
    '"２０２６-03-01 12:00:00"',
    '"2026-03-01 12:00:00.0"',
    '"2026-03-01 12:00:00+00:00"',
    '"2026-03-29 02:30:00"',
    '"2026-04-31 00:00:00"',
  ],
  createdAt: [
    'null',
    '"2026-03-01T12:00:00Z"',
    '"2026-03-01T12:00:00.1Z"',
    '"2026-03-01T12:00:00.123456789Z"',
    '"2026-03-01T12:00:00.1234567890Z"',
    '"2026-03-01T12:00:00.123"',
    '"2026-03-01 12:00:00.123Z"',
    '"2024-02-30T12:00:00Z"',
    '5',
    '"0001-01-01T00:00:00.0000001Z"',
    '"1969-12-31T23:59:59.9999999Z"',
  ],
  PartitionId: ['null', '-1', '"0"', '0.0', '2147483648', '1.5'],
  SequenceNumber: ['null', '"900000001"', '-5', '1.5'],
  EventEnqueuedUtcTime: [
    'null',
    '""',
    '5',
    '"2026-03-01T12:59:00.1234567"',
    '"2026-03-01T12:59:00Z"',
    '"2026-03-01T12:59:60Z"',
    '"2026-02-29T12:59:00Z"',
    '"2026-02-28T23:59:59.9999999Z"',
    '"2024-02-29T23:59:59.999Z"',
    '"9999-12-31T23:59:59Z"',
    '"0001-01-01T00:00:00Z"',
  ],
}

/** Each line tells one thing apart. */
export function handMadeLines(): string[] {
  const lines: string[] = []
  const line = (fields: Readonly<Record<string, string | undefined>>) => {
    const entries = Object.entries(GOOD).map(([name, value]): [string, string] => [
      name,
      JSON.stringify(value),
    ])
    const all = new Map<string, string | undefined>([...entries, ['eventId', `"hand-${lines.length}"`]])
    for (const [name, value] of Object.entries(fields)) all.set(name, value)
    const texts = [...all].flatMap(([name, value]) => (value === undefined ? [] : [`"${name}":${value}`]))
    lines.push(`{${texts.join(',')}}`)
  }
  for (const [field, values] of Object.entries(VALUES)) {
    for (const value of values) line({ [field]: value })
    line({ [field]: undefined })
    // Escaped, the name is the same name.
    line({
      [field]: undefined,
      [`\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}`]: VALUES[field]?.[3],
    })
    line({ [field]: undefined, [field.toUpperCase()]: '"other"' })
  }
  // All reasons at once, and an id derived from the line itself, twice.
  line({
    eventId: undefined,
    city: '""',
    temperature: '99',
    humidity: '"x"',
    timestamp: '"x"',
    SequenceNumber: undefined,
  })
  lines.push(lines.at(-1) as string)
  // Derived ids: a copy by device and number; two records of one event; the second of them written again later.
  for (const place of ['7', '8'])
    line({ eventId: undefined, deviceSequenceNumber: '"4711"', SequenceNumber: place, PartitionId: place })
  for (const [city, time] of [
    ['"One"', '1'],
    ['"Two"', '1'],
    ['"Two"', '2'],
  ])
    line({
      eventId: undefined,
      deviceId: '" \u3000"',
      SequenceNumber: '77',
      city,
      EventProcessedUtcTime: `"2026-03-01T13:00:0${time}Z"`,
    })
  line({ extra: `${'[{"deep":'.repeat(200)}1${'}]'.repeat(200)}` })
  line({ extra: `"${'x'.repeat(70_000)}"` })
  // Of duplicates the first stays, whatever it says.
  for (const temperature of ['30', '20', '40']) line({ eventId: '"twice"', temperature })
  line({ extra: '"\\"city\\":\\"Bergen\\""' })
  line({ city: '"Oslo","city":"Bergen"' })
  line({ city: '"\\"quoted\\" \\\\ back"' })
  return [
    ...lines,
    '',
    '   ',
    '\u00a0\u3000',
    'junk',
    'null',
    '[]',
    '[{"city":"Oslo"}]',
    '"text"',
    '5',
    '{}',
    '{',
    '{}}',
    "{'city':'Oslo'}",
    '{"city":"Oslo",}',
    '{"city":NaN}',
    '{"city":"Oslo"} // why',
    '{"city":"a\tb"}',
    '{"city":"\\ud83d"}',
    '{"city":"\\x41"}',
    '\ufeff{"city":"Oslo"}',
    '\u00a0{}',
    '{"temperature":01}',
    '{"temperature":.5}',
    '{"temperature":1.}',
    '{"a":1}{"b":2}',
    '\u0001{}',
    '{"a"}',
    '{"a":tru}',
    '{"":1}',
  ]
}

/** @returns lines that count as rows: those of white space do not. */
export async function placeHandMade(root: string): Promise<number> {
  const lake = new LakeFolder(root, { limitBytes: 10_000_000_000, clock: { now: () => 0 } })
  const lines = handMadeLines()
  const isRow = (line: string) => !/^[\s\u0085]*$/u.test(line)
  const folder = bronzeFolder(new Date(GOOD.EventEnqueuedUtcTime))
  await lake.place('bronze', `${folder}/hand-made.json`, lines.map((line) => `${line}\n`).join(''))
  const seedForm = { temperature: 21, humidity: 55, city: 'Bergen', timestamp: '2026-03-01 12:00:00' }
  const few = [
    JSON.stringify({ ...GOOD, eventId: 'crlf-1' }),
    '',
    JSON.stringify({
      ...seedForm,
      EventEnqueuedUtcTime: GOOD.EventEnqueuedUtcTime,
      PartitionId: 1,
      SequenceNumber: 5,
    }),
    JSON.stringify({ ...GOOD, eventId: 'crlf-1' }),
    JSON.stringify({ ...GOOD, eventId: 'crlf-2', city: 'Zürich' }),
  ]
  await lake.place('bronze', `${folder}/windows.json`, `\ufeff${few.join('\r\n')}\r\n`)
  await lake.place(
    'bronze',
    `${folder}/no-end.json`,
    few.map((line) => line.replace('crlf', 'cr')).join('\r'),
  )
  // One city name in Latin-1: no UTF-8.
  await lake.place(
    'bronze',
    `${folder}/latin.json`,
    Buffer.from(JSON.stringify({ ...GOOD, eventId: 'latin', city: 'Zürich' }), 'latin1'),
  )
  // The ends of U+00A0, U+0085, U+2028 and U+3000, by themselves: no UTF-8, so no white space.
  const bytes = ['a0', '85', 'a8', 'e380', '20a009', 'c2']
  await lake.place('bronze', `${folder}/bytes.json`, Buffer.from(`${bytes.join('0a')}0a`, 'hex'))
  await lake.place('bronze', `${folder}/empty.json`, '')
  return lines.filter(isRow).length + 4 + 4 + 1 + bytes.length
}

/** A reading of a minute and an hour that were counted long before. @returns lines placed. */
export async function placeLate(root: string): Promise<number> {
  const lake = new LakeFolder(root, { limitBytes: 10_000_000_000, clock: { now: () => 0 } })
  const line = JSON.stringify({ ...GOOD, eventId: 'late', temperature: 31 })
  await lake.place('bronze', `${bronzeFolder(new Date('2026-03-01T18:00:00Z'))}/late.json`, `${line}\n`)
  return 1
}
