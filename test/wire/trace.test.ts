/** One event followed through the real chain, compared byte by byte with what lies in the files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { traceText } from '../../src/commands/trace.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import type { OutgoingEvent } from '../../src/pipeline/ports/hub.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { isComplete, type StepName, type Trace, type TraceQuery } from '../../src/pipeline/ports/trace.ts'
import { connect, dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

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
