/** Bronze by its listing, over the wire: exact numbers, of what is new alone. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BronzeWatch } from '../../../src/azure/lake/bronze-watch.ts'
import { bronzeFileName, bronzeFolder, formerBronzeFolder } from '../../../src/contract/bronze-layout.ts'
import type { HubState } from '../../../src/pipeline/ports/lake.ts'
import { lakeClient, type WatchedClient } from '../../support/lake-client.ts'
import { type LakeServer, startLake } from '../../support/lake-server.ts'

const NOON = Date.parse('2026-11-24T12:00:00Z')
const MINUTE = 60_000

let running: LakeServer
let client: WatchedClient
let watch: BronzeWatch
let now: number
/** Next sequence number by partition. */
let next: number[]

beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())
beforeEach(() => {
  rmSync(join(running.root, 'bronze/weather'), { recursive: true, force: true })
  client = lakeClient(running)
  now = NOON
  watch = new BronzeWatch(client, () => now)
  next = [0, 0]
})

/** Writes the window of `events` events at a minute; `rejected` of them gave no row. @returns its path. */
function place(
  partition: number,
  events: number,
  at = now,
  { rejected = 0, skipped = 0, folder = bronzeFolder } = {},
): string {
  const first = (next[partition] ?? 0) + skipped
  const last = first + events - 1
  next[partition] = last + 1
  const name = bronzeFileName({
    partition,
    firstSequenceNumber: first,
    lastSequenceNumber: last,
    rows: events - rejected,
  })
  return placeFile(`${folder(new Date(at))}/${name}`, 'x'.repeat(10), at)
}
function placeFile(path: string, text: string, at = now): string {
  const file = join(running.root, 'bronze', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  utimesSync(file, at / 1000, at / 1000)
  return path
}
const hub = (at = now): HubState => ({
  at,
  lastSequenceNumbers: new Map(next.map((sequenceNumber, id) => [String(id), sequenceNumber - 1])),
})
const look = (state: HubState | undefined = hub()) => watch.look(state)
const totals = (partitions: Record<string, object>) =>
  placeFile('weather/_totals.json', JSON.stringify({ partitions }))

describe('the numbers', () => {
  it('of an empty lake are none', async () => {
    expect(await look()).toEqual({
      files: 0,
      bytes: 0,
      rows: 0,
      rejected: 0,
      extraRows: 0,
      skipped: 0,
      positions: new Map(),
      newestAt: undefined,
      newestFiles: [],
    })
  })

  it('come from names, sizes and times', async () => {
    place(0, 10)
    place(1, 5, now, { rejected: 2 })
    place(0, 3, now + MINUTE, { skipped: 4 })
    expect(await look()).toEqual({
      files: 3,
      bytes: 30,
      rows: 16,
      rejected: 2,
      extraRows: 0,
      skipped: 4,
      positions: new Map([
        ['0', 16],
        ['1', 4],
      ]),
      newestAt: new Date(now + MINUTE),
      newestFiles: expect.any(Array),
    })
  })

  it('count every file once, over many looks with files at every place where one can come', async () => {
    let rows = 0
    let files = 0
    for (let minute = 0; minute < 30; minute++) {
      now = NOON + minute * MINUTE
      for (let second = 0; second < 3; second++) {
        // The second partition lags by ten minutes: its files go on appearing in old folders.
        place(0, 7)
        files++
        rows += 7
        if (minute >= 10) {
          place(1, 2, now - 10 * MINUTE)
          files++
          rows += 2
        }
        const state = hub()
        // The hub has more of the second one than bronze.
        ;(state.lastSequenceNumbers as Map<string, number>).set('1', 1_000)
        expect(await look(state)).toMatchObject({ files, rows, rejected: 0, skipped: 0 })
      }
    }
  })

  it('count every file once where an earlier version wrote `HH/mm` and today’s goes on with `HH-mm`', async () => {
    let rows = 0
    for (let minute = 50; minute < 80; minute++) {
      now = NOON + minute * MINUTE
      const isFormer = minute < 55 || minute % 3 === 0
      place(0, 7, now, { folder: isFormer ? formerBronzeFolder : bronzeFolder })
      // The second partition lags, and changes its form later.
      place(1, 2, now - 10 * MINUTE, { folder: minute < 66 ? formerBronzeFolder : bronzeFolder })
      rows += 9
      const state = hub()
      ;(state.lastSequenceNumbers as Map<string, number>).set('1', 1_000)
      expect(await look(state)).toMatchObject({ rows, rejected: 0, skipped: 0 })
    }
  })

  it('of foreign files in former folders are found, from the hour on', async () => {
    for (let minute = 0; minute < 15; minute++) {
      now = NOON + minute * MINUTE
      placeFile(`${formerBronzeFolder(new Date(now))}/a.json`, 'x')
      expect(await look()).toMatchObject({ files: minute + 1 })
    }
  })

  it('of files of other writers are files and bytes, and rows are not claimed to be known', async () => {
    place(0, 5)
    placeFile(`${bronzeFolder(new Date(now))}/0_5f8b_1.json`, 'foreign')
    expect(await look()).toMatchObject({
      files: 2,
      bytes: 17,
      rows: undefined,
      rejected: undefined,
      skipped: undefined,
    })
    // One of them may come late into a minute that is over.
    now += 5 * MINUTE
    placeFile(`${bronzeFolder(new Date(now))}/1.json`, 'x')
    placeFile(`${bronzeFolder(new Date(now - 4 * MINUTE))}/2.json`, 'x')
    expect(await look()).toMatchObject({ files: 4, bytes: 19 })
    expect(await look()).toMatchObject({ files: 4, bytes: 19 })
  })

  it('pass over what is hidden, and empty folders', async () => {
    place(0, 5)
    placeFile('weather/_temporary.json', 'x')
    mkdirSync(join(running.root, 'bronze/weather/2026/11/24/12-30'), { recursive: true })
    expect(await look()).toMatchObject({ files: 1, rows: 5 })
  })
})

describe('what retention has deleted', () => {
  const summed = (nextSequenceNumber: number, rows: number, files: number) => ({
    nextSequenceNumber,
    rows,
    rejected: nextSequenceNumber - rows,
    skipped: 0,
    files,
    bytes: files * 10,
  })

  it('still counts, and takes no room', async () => {
    totals({ 0: summed(100, 90, 5) })
    next[0] = 100
    place(0, 10)
    expect(await look()).toMatchObject({ files: 1, bytes: 10, rows: 100, rejected: 10, skipped: 0 })
  })

  it('counts once while its files still lie there', async () => {
    place(0, 50)
    place(0, 50)
    totals({ 0: summed(100, 100, 2) })
    place(0, 10)
    expect(await look()).toMatchObject({ rows: 110, rejected: 0, skipped: 0 })
  })

  it('between the first look’s requests is neither lost nor counted twice', async () => {
    const old = place(0, 100)
    place(0, 10, now + MINUTE)
    let isDone = false
    const retain = (when: string) => {
      client.before = (what) => {
        if (isDone || !what.startsWith(when)) return
        isDone = true
        totals({ 0: summed(100, 100, 1) })
        rmSync(join(running.root, 'bronze', old))
      }
    }
    for (const when of ['list', 'read']) {
      isDone = false
      placeFile(old, 'x'.repeat(10))
      rmSync(join(running.root, 'bronze/weather/_totals.json'), { force: true })
      watch = new BronzeWatch(client, () => now)
      retain(when)
      expect(await look(), when).toMatchObject({ rows: 110, rejected: 0, skipped: 0 })
      expect(isDone).toBe(true)
    }
  })

  it.each(['', '{"partitions":', '[]', 'null'])('damaged is named (%j)', async (text) => {
    placeFile('weather/_totals.json', text === '' ? ' ' : text)
    await expect(look()).rejects.toMatchObject({
      message: 'bronze/weather/_totals.json cannot be read: it is no JSON of totals.',
      hint: expect.stringContaining('from a copy'),
    })
  })

  it('is noticed by a watch that goes on', async () => {
    const old = place(0, 10)
    for (let minute = 1; minute <= 3; minute++) {
      now = NOON + minute * MINUTE
      place(0, 10)
    }
    expect(await look()).toMatchObject({ files: 4, rows: 40 })
    totals({ 0: summed(10, 10, 1) })
    rmSync(join(running.root, 'bronze', old))
    now += MINUTE - 1
    expect(await look()).toMatchObject({ files: 4 })
    now += 1
    expect(await look()).toMatchObject({ files: 3, bytes: 30, rows: 40 })
  })
})

describe('the cost', () => {
  it('of a look follows the new files, never those that lie there', async () => {
    for (let minute = 0; minute < 200; minute++)
      for (let file = 0; file < 5; file++) place(0, 1, NOON + minute * MINUTE)
    now = NOON + 200 * MINUTE
    place(0, 1)
    await look()
    client.listed = 0
    client.asked = []
    for (let again = 0; again < 10; again++) {
      now += MINUTE
      place(0, 1)
      await look()
    }
    const lists = client.asked.filter((what) => /^list bronze\/weather from 2026\//.test(what))
    expect(lists).toHaveLength(10)
    // The totals once a minute.
    expect(client.asked.length - lists.length).toBe(10)
    // Each the minute of its last file and the present one, with the folders on the way.
    expect(client.listed).toBeLessThanOrEqual(50)
  })

  it('does not grow while the hub cannot be seen', async () => {
    for (let minute = 0; minute < 60; minute++) place(0, 1, NOON + minute * MINUTE)
    now = NOON + 60 * MINUTE
    await watch.look(undefined)
    client.listed = 0
    await watch.look(undefined)
    expect(client.listed).toBeLessThanOrEqual(25)
  })

  it('of a partition of rejected events alone is no more: their windows are empty files', async () => {
    for (let minute = 0; minute < 60; minute++) {
      place(0, 1, NOON + minute * MINUTE)
      place(1, 3, NOON + minute * MINUTE, { rejected: 3 })
    }
    now = NOON + 60 * MINUTE
    expect(await look()).toMatchObject({ rows: 60, rejected: 180 })
    client.listed = 0
    await look()
    expect(client.listed).toBeLessThanOrEqual(5)
  })
})

describe('where listing begins', () => {
  const seenFrom = async (state: HubState | undefined) => {
    client.asked = []
    await watch.look(state)
    return client.asked.find((what) => what.startsWith('list'))
  }

  it("is never behind the hub's minute: a file of that minute may still come", async () => {
    place(0, 1, NOON)
    place(1, 1, NOON)
    await look(hub(NOON))
    // The hub was seen in the minute of the files, and the clock has moved on since.
    place(0, 1, NOON + 3 * MINUTE)
    place(1, 1, NOON + 3 * MINUTE)
    now = NOON + 5 * MINUTE
    await look(hub(NOON + MINUTE))
    expect(await seenFrom(hub(NOON + MINUTE))).toMatch(/from 2026\/11\/24\/12-01$/)
  })

  it('is ten minutes back for files of other writers, which may come late', async () => {
    placeFile('weather/2026/11/24/12-00/foreign.json', '{}', NOON)
    await watch.look(undefined)
    expect(await seenFrom(undefined)).toMatch(/11-50$/)
    placeFile('weather/2026/11/24/11-55/late.json', '{}', NOON)
    expect((await watch.look(undefined)).files).toBe(2)
  })
})

describe('a clock that is set back', () => {
  it.each([2, 120, 1440])(
    'by %i minutes: files of then are found, none is counted twice',
    async (minutes) => {
      const ahead = NOON + minutes * MINUTE
      for (let minute = 0; minute < 3; minute++) {
        now = ahead + minute * MINUTE
        place(0, 2)
        place(1, 2)
        await look()
      }
      now = NOON
      await look()
      // A quiet partition's next file lies in a minute that was passed long ago.
      place(1, 5)
      expect(await look()).toMatchObject({ rows: 17, files: 7, skipped: 0 })
      for (let minute = 1; minute < 5; minute++) {
        now = NOON + minute * MINUTE
        place(1, 1)
        await look()
      }
      expect(await look()).toMatchObject({ rows: 21, files: 11, skipped: 0 })
      now = ahead + 10 * MINUTE
      place(0, 1)
      await look()
      expect(await look()).toMatchObject({ rows: 22, files: 12, skipped: 0, rejected: 0 })
    },
  )
})

describe('a look that fails', () => {
  it('counts nothing twice when it is made again', async () => {
    totals({ 0: { nextSequenceNumber: 10, rows: 10, rejected: 0, skipped: 0, files: 1, bytes: 10 } })
    next[0] = 10
    place(0, 5)
    for (const when of ['list', 'read']) {
      client.before = (what) => {
        if (what.startsWith(when)) throw new Error('cut')
      }
      await expect(look()).rejects.toThrow('cut')
    }
    client.before = () => {}
    expect(await look()).toMatchObject({ rows: 15, skipped: 0 })
    client.before = () => {
      throw new Error('cut')
    }
    place(0, 5)
    await expect(look()).rejects.toThrow('cut')
    client.before = () => {}
    expect(await look()).toMatchObject({ rows: 20, skipped: 0 })
  })
})
