/** One event followed through the real chain, compared byte by byte with what lies in the files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { EventHubConsumerClient, type ReceivedEventData } from '@azure/event-hubs'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runTrace, traceText } from '../../src/commands/trace.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import type { OutgoingEvent } from '../../src/pipeline/ports/hub.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { isComplete, type StepName, type Trace, type TraceQuery } from '../../src/pipeline/ports/trace.ts'
import { describeTrace } from '../../src/pipeline/trace/describe.ts'
import { traceLines } from '../../src/ui/lesson/trace-panel.ts'
import { printable } from '../../src/ui/text/line.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'
import { allRunning } from '../support/scenario.ts'

let folder: string
let azure: LocalAzure
let target: Target

const idOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const reading = (number: number, change: object = {}) => ({
  eventId: idOf(number),
  deviceId: 'station-00007',
  deviceSequenceNumber: number,
  city: 'Oslo',
  temperature: 20 + (number % 3),
  humidity: 50,
  timestamp: '2026-11-24 02:07:11',
  createdAt: new Date(Date.now() - 5).toISOString(),
  ...change,
})
const event = (body: object | string): OutgoingEvent => ({
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  partitionKey: 'station-00007',
})

const good = event(reading(1))
const dirty = event(reading(2, { temperature: 999, city: ' ' }))
const foreign = event('{"temperature":21,"humidity":40,"city":"Rome","timestamp":"1984-05-06 07:08:09"}')
const broken = event('station-00007;3;21 C')

const STAGES = ['streamAnalytics', 'silver', 'gold', 'aggregate'] as const
const trace = (query: TraceQuery) =>
  vi.waitFor(
    async () => {
      const found = await target.tracer?.trace(query)
      expect(found && isComplete(found)).toBe(true)
      return found as Trace
    },
    { timeout: 30_000, interval: 200 },
  )
const step = <Name extends StepName>(found: Trace, name: Name) => {
  const one = found.steps.find((other) => other.step === name)
  return one as Extract<Trace['steps'][number], { step: Name }>
}
const lake = (...names: string[]) => join(folder, 'lake', ...names)
const rowsIn = async (file: string) => {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer })
}

/** A row as its file has it, made anew here: times as ISO-8601 text, 64-bit numbers as numbers. */
const plainRow = (row: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value instanceof Date)
        return [name, name === 'date' ? value.toISOString().slice(0, 10) : value.toISOString()]
      return [name, typeof value === 'bigint' ? Number(value) : (value ?? null)]
    }),
  )

/** Every fact of a trace against what another client reads from the hub, and against the bytes of the files. */
async function expectAsInFiles(found: Trace, sent: OutgoingEvent): Promise<void> {
  const { partition, sequenceNumber } = found.position
  const held = await eventOfHub(partition, sequenceNumber)
  const made = step(found, 'made')
  expect(Buffer.from(made.facts?.body ?? '')).toEqual(sent.body)
  expect(Buffer.from(held.body as Uint8Array)).toEqual(sent.body)
  expect(made.bytes).toBe(sent.body.length)
  const acknowledged = step(found, 'acknowledged')
  expect(acknowledged.at).toBe(held.enqueuedTimeUtc.getTime())
  expect(acknowledged.facts).toMatchObject({
    sequenceNumber: held.sequenceNumber,
    offset: String(held.offset),
    partitionKey: held.partitionKey,
  })

  const bronze = step(found, 'bronze').facts
  const content = readFileSync(lake('bronze', bronze?.file ?? ''))
  expect(bronze?.fileBytes).toBe(content.length)
  const lines = content.toString().split('\n').slice(0, -1)
  expect(bronze?.lines).toBe(lines.length)
  if (bronze?.outcome === 'rejected') {
    expect(content.toString()).not.toContain(sent.body.toString())
    return
  }
  const line = lines[(bronze?.line ?? 0) - 1] ?? ''
  expect(bronze?.text).toBe(line)
  expect(step(found, 'bronze').bytes).toBe(Buffer.byteLength(line))
  expect(line.startsWith(sent.body.toString().slice(0, -1))).toBe(true)
  expect(JSON.parse(line)).toMatchObject({ PartitionId: Number(partition), SequenceNumber: sequenceNumber })

  const silver = step(found, 'silver').facts
  if (silver?.outcome === 'duplicate') return
  if (!silver) throw new Error('silver has this event')
  const row = await rowOfFile('silver', silver, (one) =>
    silver.outcome === 'row' ? one.eventId === silver.row.eventId : one.raw === line,
  )
  if (silver.outcome === 'quarantine') {
    expect(silver.raw).toBe(line)
    expect(silver.reasons).toEqual(row.reasons)
    return
  }
  expect(silver.row).toEqual(plainRow(row))
  const gold = step(found, 'gold').facts
  if (!gold) throw new Error('gold has this event')
  expect(gold.row).toEqual(plainRow(await rowOfFile('gold', gold, (one) => one.eventId === gold.row.eventId)))
  for (const means of [step(found, 'minute').facts, step(found, 'aggregate').facts]) {
    const files = await Promise.all((means?.files ?? []).map((file) => rowsIn(lake('gold', file))))
    expect(files.flat().map(plainRow)).toContainEqual(means?.after)
  }
}

/** The one row, from the file that the trace names, which the commit that it names has added. */
async function rowOfFile(
  container: string,
  place: { file: string; fileBytes: number; fileRows: number | undefined; version: number },
  passes: (row: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  const file = lake(container, place.file)
  expect(place.fileBytes).toBe(readFileSync(file).length)
  const rows = await rowsIn(file)
  expect(place.fileRows).toBe(rows.length)
  const [row, ...more] = rows.filter(passes)
  expect(more).toEqual([])
  const [folder = '', name = ''] = [dirname(place.file), basename(place.file)]
  const log = lake(container, folder, '_delta_log', `${String(place.version).padStart(20, '0')}.json`)
  const added = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((action) => JSON.parse(action).add?.path)
  expect(added).toContain(name)
  return row as Record<string, unknown>
}

/** With the SDK, in a connection of its own. */
async function eventOfHub(partition: string, sequenceNumber: number): Promise<ReceivedEventData> {
  const client = new EventHubConsumerClient(
    EventHubConsumerClient.defaultConsumerGroupName,
    azure.endpoints.eventHubsConnectionString,
  )
  const first = Promise.withResolvers<ReceivedEventData>()
  const subscription = client.subscribe(
    partition,
    {
      processEvents: async ([event]) => event && first.resolve(event),
      processError: async (error) => first.reject(error),
    },
    { startPosition: { sequenceNumber, isInclusive: true }, skipParsingBodyAsJson: true },
  )
  try {
    return await first.promise
  } finally {
    await subscription.close()
    await client.close()
  }
}

/** What the command prints and the screen shows is that trace, whole. */
async function expectEverywhere(query: TraceQuery, found: Trace): Promise<void> {
  const print = async (json: boolean) => {
    let text = ''
    const write = (more: string) => {
      text += more
    }
    const { signal } = new AbortController()
    await runTrace({ tracer: target.tracer, query, waitMs: 0, json, write, now: Date.now, signal })
    return text
  }
  const { lookedAt: _lookedAt, cost: _cost, ...rest } = JSON.parse(await print(true))
  expect(rest).toEqual(
    JSON.parse(JSON.stringify({ type: 'trace', ...found, lookedAt: undefined, cost: undefined })),
  )
  const screen = traceLines(
    { ...allRunning(), trace: { query, trace: found, problem: undefined, lookedAt: found.lookedAt } },
    20_000,
  )
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n')
  const printed = await print(false)
  for (const { summary, details } of describeTrace(found))
    for (const text of [summary, ...details.map(([name, value]) => `${name}: ${value}`)]) {
      expect(printed).toContain(text)
      expect(screen).toContain(printable(text))
    }
}

describe('a trace', () => {
  beforeAll(async () => {
    folder = dataFolder()
    azure = await startLocalAzure(localOptions(folder))
    target = await connect(azure.endpoints)
    await target.producer.send([good, dirty, foreign, broken])
  }, 60_000)
  afterAll(async () => {
    await target?.close()
    await azure?.close()
    removeDataFolders()
  })

  it('shows what is still to come as waiting while nothing runs', async () => {
    const found = await target.tracer?.trace({ kind: 'id', eventId: idOf(1) })
    expect(found?.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
      'made done',
      'acknowledged done',
      'bronze waiting',
      'silver waiting',
      'gold waiting',
      'minute waiting',
      'aggregate waiting',
    ])
    expect(traceText(found as Trace, Date.now())).toMatch(/… silver +waits for the next batch of silver/)
    expect(await target.tracer?.trace({ kind: 'id', eventId: idOf(99) })).toBeUndefined()
    for (const stage of STAGES) await target.stages[stage].start()
  })

  it('follows a good event to the means, as it lies in each file', async () => {
    const found = await trace({ kind: 'id', eventId: idOf(1) })
    expect(found.position.sequenceNumber).toBe(0)
    const made = step(found, 'made')
    expect(made.facts).toMatchObject({ body: good.body.toString(), station: 7, number: 1 })
    expect(made.bytes).toBe(good.body.length)
    const acknowledged = step(found, 'acknowledged')
    expect(acknowledged.facts).toMatchObject({
      partition: found.position.partition,
      sequenceNumber: 0,
      batchEvents: 4,
      isBatchWhole: true,
    })
    const bronze = step(found, 'bronze')
    const bronzeFile = lake('bronze', bronze.facts?.file ?? '')
    const lines = readFileSync(bronzeFile, 'utf8').split('\n')
    expect(bronze.facts).toMatchObject({ outcome: 'line', line: 1, lines: 3, text: lines[0] })
    expect(bronze.bytes).toBe(Buffer.byteLength(lines[0] as string))
    expect(bronze.facts?.fileBytes).toBe(readFileSync(bronzeFile).length)

    const silver = step(found, 'silver').facts
    if (silver?.outcome !== 'row') throw new Error('a good event is a row of silver')
    expect(silver.row).toMatchObject({
      eventId: idOf(1),
      city: 'Oslo',
      temperature: 21,
      deviceSequenceNumber: 1,
    })
    expect(silver.row.enqueuedAt).toBe(new Date(acknowledged.at as number).toISOString())
    const silverRows = await rowsIn(lake('silver', silver.file))
    expect(silverRows.filter((row) => row.eventId === idOf(1))).toHaveLength(1)
    expect(silver.fileRows).toBe(silverRows.length)
    const log = readFileSync(
      lake('silver', 'weather', '_delta_log', `${String(silver.version).padStart(20, '0')}.json`),
      'utf8',
    )
    expect(log).toContain(silver.file.split('/').at(-1) as string)

    const gold = step(found, 'gold').facts
    expect(gold?.row).toMatchObject({ eventId: idOf(1), date: '2026-11-24', hour: 2 })
    expect((await rowsIn(lake('gold', gold?.file ?? ''))).some((row) => row.eventId === idOf(1))).toBe(true)
    const minute = step(found, 'minute').facts
    expect(minute).toMatchObject({ city: 'Oslo', before: undefined, isBeforeKnown: true })
    expect(minute?.after).toMatchObject({ readings: 1, avg_temperature: 21 })
    const aggregate = step(found, 'aggregate').facts
    expect(aggregate).toMatchObject({ city: 'Oslo', date: '2026-11-24', hour: 2, before: undefined })
    expect(aggregate?.after).toMatchObject({ readings: 1, avg_temperature: 21, avg_humidity: 50 })
    const files = aggregate?.files ?? []
    expect(files).not.toEqual([])
    for (const file of files) expect(existsSync(lake('gold', file)), file).toBe(true)
    const times = found.steps.map(({ at }) => at as number)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  }, 60_000)

  it('ends a dirty event in the quarantine, with its raw line and all its reasons', async () => {
    const found = await trace({ kind: 'id', eventId: idOf(2) })
    const silver = step(found, 'silver').facts
    if (silver?.outcome !== 'quarantine') throw new Error('a dirty event is quarantined')
    const bronze = step(found, 'bronze').facts
    const line = readFileSync(lake('bronze', bronze?.file ?? ''), 'utf8').split('\n')[(bronze?.line ?? 0) - 1]
    expect(silver.raw).toBe(line)
    const [row] = (await rowsIn(lake('silver', silver.file))).filter(({ raw }) => raw === line)
    expect(silver.reasons).toEqual(row?.reasons)
    expect(silver.reasons).toEqual(['city is missing', 'temperature out of range'])
    expect(step(found, 'gold').state).toBe('never')
    expect(traceText(found, Date.now())).toContain('quarantined: city is missing, temperature out of range')
  }, 60_000)

  it('follows an event that brings neither id nor station, by its position and by its city', async () => {
    const found = await trace({ kind: 'city', city: 'rome' })
    expect(found.eventId).toBeUndefined()
    expect(found.position.sequenceNumber).toBe(2)
    expect(step(found, 'made').facts).toMatchObject({ body: foreign.body.toString(), station: undefined })
    const silver = step(found, 'silver').facts
    if (silver?.outcome !== 'row') throw new Error('a foreign event is a row of silver')
    expect(silver.row).toMatchObject({ city: 'Rome', deviceId: null, timestamp: '1984-05-06T07:08:09.000Z' })
    const given = String(silver.row.eventId)
    expect((await trace({ kind: 'id', eventId: given })).position).toEqual(found.position)
    expect((await trace({ kind: 'position', ...found.position })).steps).toEqual(found.steps)
  }, 60_000)

  it('ends a body that is not JSON at the job, in the words of the parser', async () => {
    const { partition } = (await trace({ kind: 'id', eventId: idOf(1) })).position
    const found = await trace({ kind: 'position', partition, sequenceNumber: 3 })
    let words = ''
    try {
      JSON.parse(broken.body.toString())
    } catch (error) {
      words = (error as Error).message
    }
    expect(step(found, 'bronze').facts).toMatchObject({
      outcome: 'rejected',
      reason: `the body is not JSON: ${words}`,
    })
    expect(step(found, 'silver').state).toBe('never')
  }, 60_000)

  it('says of a duplicate which event it repeats', async () => {
    const { position } = await trace({ kind: 'id', eventId: idOf(1) })
    await target.producer.send([good, event(reading(5))])
    const found = await trace({ kind: 'position', partition: position.partition, sequenceNumber: 4 })
    expect(step(found, 'silver').facts).toMatchObject({
      outcome: 'duplicate',
      of: { eventId: idOf(1), position, keptIn: 'silver' },
    })
    expect(step(found, 'gold').state).toBe('never')
    const first = await trace({ kind: 'id', eventId: idOf(1) })
    expect(first.position).toEqual(position)
    expect(step(first, 'made').note).toBe(`sent 2 times, also as ${position.partition}:4`)
  }, 60_000)

  it('shows the mean before and after, when the hour had readings already', async () => {
    const found = await trace({ kind: 'id', eventId: idOf(5) })
    const { before, after } = step(found, 'aggregate').facts ?? {}
    expect(before).toMatchObject({ readings: 1, avg_temperature: 21 })
    expect(after).toMatchObject({ readings: 2, avg_temperature: 21.5 })
  }, 60_000)

  it.each([
    ['good', { kind: 'id', eventId: idOf(1) }, good],
    ['dirty', { kind: 'id', eventId: idOf(2) }, dirty],
    ['foreign', { kind: 'city', city: 'Rome' }, foreign],
    ['rejected', 3, broken],
    ['duplicate', 4, good],
  ] as const)(
    'of a %s event is right to the byte, on the screen and on the command line too',
    async (_kind, which, sent) => {
      const { partition } = (await trace({ kind: 'id', eventId: idOf(1) })).position
      const query: TraceQuery =
        typeof which === 'number' ? { kind: 'position', partition, sequenceNumber: which } : which
      const found = await trace(query)
      await expectAsInFiles(found, sent)
      await expectEverywhere(query, found)
    },
    60_000,
  )

  it('finds the newest event, and reads the files that the positions name, however many there are', async () => {
    const newest = await trace({ kind: 'newest' })
    expect(newest.eventId).toBe(idOf(5))
    const filesOfLake = readdirSync(lake(), { recursive: true }).length
    for (let number = 10; number < 14; number++) {
      await target.producer.send([event(reading(number))])
      await trace({ kind: 'id', eventId: idOf(number) })
    }
    expect(readdirSync(lake(), { recursive: true }).length).toBeGreaterThan(filesOfLake + 20)
    const again = await trace({ kind: 'id', eventId: idOf(5) })
    // Commits are found by halving the log: four more of each of the five tables cost a few reads each, bronze none.
    expect(again.cost.reads).toBeLessThanOrEqual(newest.cost.reads + 20)
  }, 90_000)
})
