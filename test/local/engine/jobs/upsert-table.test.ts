/** The tables of means: whatever way a batch takes into them, they say what the readings say, in files side by side. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AddFile } from '../../../../src/delta/actions.ts'
import type { NotebookEngine } from '../../../../src/local/engine/api/engine.ts'
import { deltaInput } from '../../../../src/local/engine/jobs/delta-input.ts'
import { liveUpdate, spanOf } from '../../../../src/local/engine/jobs/time-bucket-range.ts'
import { runPython } from '../../../support/python.ts'
import { NOON, readings, type TestLake, testLake } from '../lake-fixture.ts'

const file = (
  buckets: [from: number, to: number] | undefined,
  numRecords = 10,
  path = 'some.parquet',
): AddFile => ({
  path,
  partitionValues: {},
  size: 1000,
  modificationTime: 0,
  dataChange: true,
  stats: JSON.stringify({ numRecords }),
  ...(buckets && { tags: { slotFrom: String(buckets[0]), slotTo: String(buckets[1]) } }),
})
const from = (first: number, last = first) => ({ from: first, to: last })

describe('a batch of the present', () => {
  it.each([
    ['begins an empty table', [], from(7), [], [from(7)]],
    [
      'goes on in the newest bucket',
      [
        [1, 5],
        [7, 7],
      ],
      from(7),
      [1],
      [from(7)],
    ],
    [
      'begins the next bucket',
      [
        [1, 5],
        [7, 7],
      ],
      from(8),
      [],
      [from(8)],
    ],
    [
      'crosses into the next bucket',
      [
        [1, 5],
        [7, 7],
      ],
      from(7, 8),
      [1],
      [from(7), from(8)],
    ],
    ['parts the newest bucket from a file of many', [[1, 7]], from(7, 8), [0], [from(1, 7), from(8)]],
    [
      'is late by a bucket',
      [
        [1, 5],
        [6, 6],
        [7, 7],
      ],
      from(6),
      [1],
      [from(6)],
    ],
    [
      'is late, into a file of many',
      [
        [1, 5],
        [7, 7],
      ],
      from(3),
      [0],
      [from(1, 5)],
    ],
    [
      'is late, between two files',
      [
        [1, 2],
        [7, 7],
      ],
      from(4, 5),
      [],
      [from(4, 5)],
    ],
  ] as const)('%s', (_, files, span, touched, pieces) => {
    const all = files.map(([first, last]) => file([first, last]))
    expect(liveUpdate(all, span, 100)).toEqual({ touched: touched.map((index) => all[index]), pieces })
  })

  it.each([
    ['its buckets are more than two', [[7, 7]], from(6, 8)],
    ['it touches more rows than are rewritten lightly', [[7, 7, 101]], from(7)],
    ['another writer compacted the table', [undefined], from(7)],
  ] as const)('is none when %s', (_, files, span) => {
    const all = files.map((buckets) =>
      buckets ? file([buckets[0], buckets[1]], buckets[2]) : file(undefined),
    )
    expect(liveUpdate(all, span, 100)).toBeUndefined()
  })
})

describe('the span of a batch', () => {
  const withStats = (stats: object | undefined): AddFile => ({
    ...file(undefined),
    stats: JSON.stringify(stats),
  })
  const minutes = ({ minValues, maxValues }: { minValues?: object; maxValues?: object }) => {
    const of = (values: { minute?: number } | undefined) => Number(values?.minute)
    return { from: of(minValues), to: of(maxValues) }
  }
  const known = { numRecords: 3, minValues: { minute: 4 }, maxValues: { minute: 5 } }

  it('is that of all its files', () => {
    const other = { numRecords: 4, minValues: { minute: 2 }, maxValues: { minute: 4 } }
    expect(spanOf([withStats(known), withStats(other)], minutes)).toEqual({ from: 2, to: 5, readings: 7 })
  })

  it.each([
    ['has no statistics', undefined],
    ['has statistics of its size alone', { numRecords: 5 }],
    ['has none of the column', { numRecords: 5, minValues: {}, maxValues: {} }],
  ])('is not known when a file %s', (_, stats) => {
    expect(spanOf([withStats(known), withStats(stats)], minutes)).toBeUndefined()
    expect(deltaInput([withStats(stats)], minutes)).toEqual({ files: ['some.parquet'] })
  })
})

describe('tables of means', () => {
  let lake: TestLake
  let engine: NotebookEngine
  afterEach(async () => {
    await engine.close()
    lake.remove()
  })

  /** Both tables against the layer that they are made of; then the span of each file by minute. */
  const AUDIT = `
import datetime, sys, deltalake
import pyarrow.compute as pc
read = lambda name: deltalake.DeltaTable(sys.argv[1] + "/gold/" + name)
gold = read("weather").to_pyarrow_table()
gold = gold.append_column("minute", pc.floor_temporal(gold["enqueuedAt"], unit="minute"))
def expected(keys):
    found = gold.group_by(keys).aggregate([("temperature", "count"), ("temperature", "min"), ("temperature", "max"), ("temperature", "mean"), ("humidity", "mean")])
    return {tuple(row[key] for key in keys): [row[name] for name in found.column_names if name not in keys] for row in found.to_pylist()}
def stored(name, keys, columns):
    rows = read(name).to_pyarrow_table().to_pylist()
    found = {tuple(row[key] for key in keys): [row[column] for column in columns] for row in rows}
    assert len(found) == len(rows), name + ": two rows of one key"
    return found
means = ["avg_temperature", "avg_humidity"]
whole = expected(["minute", "city"])
assert stored("weather_by_minute", ["minute", "city"], ["readings", "min_temperature", "max_temperature", *means]) == whole, "by minute"
hours = {key: [row[0], *row[3:]] for key, row in expected(["date", "hour", "city"]).items()}
assert stored("weather_aggregated", ["date", "hour", "city"], ["readings", *means]) == hours, "by hour"
print(gold.num_rows)
actions = read("weather_by_minute").get_add_actions(flatten=True)
spans = zip(actions.column("min.minute").to_pylist(), actions.column("max.minute").to_pylist())
noon = datetime.datetime.fromisoformat(sys.argv[2])
print(" ".join(f"{round((low - noon).total_seconds() / 60)}..{round((high - noon).total_seconds() / 60)}" for low, high in sorted(spans)))
`

  it('say what the readings say, which come live, late, across a minute and an hour, or all at once', async () => {
    lake = testLake()
    engine = lake.engine().engine
    const runs = (['silver', 'gold', 'aggregate'] as const).map((name) => engine.run(name))
    let placed = 0
    const place = async (count: number, minute: number, step = 0) => {
      // Enqueued one after the other; the means of thirds and sevenths must come out exact.
      const events = readings(placed, count).map((event, index) => ({
        ...event,
        EventEnqueuedUtcTime: new Date(NOON + minute * 60_000 + index * step).toISOString(),
      }))
      await lake.place(0, events)
      placed += count
      lake.clock.time += 1000
    }
    const audit = async () => (await runPython(AUDIT, [lake.root, new Date(NOON).toISOString()])).split('\n')
    const settled = (files: string) =>
      vi.waitFor(async () => expect(await audit()).toEqual([String(placed), files]), {
        timeout: 20_000,
        interval: 200,
      })

    await place(7, 0)
    await settled('0..0')
    await place(11, 0)
    await settled('0..0')
    // Half of it is of the next minute.
    await place(10, 0, 12_000)
    await settled('0..0 1..1')
    await place(5, 1)
    // Late, of a minute before all others, then of one between.
    await place(3, -2)
    await settled('-2..-2 0..0 1..1')
    await place(4, 3)
    await place(6, 2)
    await settled('-2..-2 0..0 1..1 2..2 3..3')
    // Out of the hour, and back over all of it at once.
    await place(9, 59, 20_000)
    await settled('-2..-2 0..0 1..1 2..2 3..3 59..60 61..61')
    await place(120, 0, 60_000)
    await settled('-2..-2 0..118 119..119')
    expect(runs.map(({ state }) => state)).toEqual(['running', 'running', 'running'])
  }, 120_000)

  it('take in what another writer appended to the layer before', async () => {
    lake = testLake()
    engine = lake.engine().engine
    engine.run('silver')
    await lake.place(0, readings(0, 20))
    const append = `
import sys, deltalake
path = sys.argv[1] + "/silver/weather"
rows = deltalake.DeltaTable(path).to_pyarrow_table()
again = rows.set_column(rows.column_names.index("eventId"), "eventId", [[f"again-{n}" for n in range(rows.num_rows)]])
deltalake.write_deltalake(path, again, mode="append")
print(rows.num_rows)
`
    await vi.waitFor(async () => expect(await runPython(append, [lake.root])).toBe('20'), 20_000)
    for (const name of ['gold', 'aggregate'] as const) engine.run(name)
    await vi.waitFor(
      async () =>
        expect((await runPython(AUDIT, [lake.root, new Date(NOON).toISOString()])).split('\n')).toEqual([
          '40',
          '0..0',
        ]),
      { timeout: 20_000, interval: 200 },
    )
  }, 60_000)
})
