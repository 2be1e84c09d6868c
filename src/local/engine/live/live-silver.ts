/**
 * Silver's batches without DuckDB: few lines, all in the form of our own generator. Whatever is more, or other, is left to it; what was
 * left is followed by a while of batches that are left too, since each change of hands reads the ids of recent rows anew.
 */
import type { BatchCounts } from '../../../contract/tables.ts'
import type { AddFile } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import type { DeltaTable } from '../delta/delta-writer.ts'
import { writeOwnFile } from '../delta/own-file.ts'
import { parseDataFileName } from '../delta/parquet-file.ts'
import { shred } from '../parquet/shred.ts'
import { type BronzePiece, bytesOf, readPieces } from '../query/bronze-text.ts'
import { refuseCutFiles } from '../query/cut-files.ts'
import type { HandedReadings } from './handed-readings.ts'
import { type LiveRowsOfLines, noLines, readLines } from './lines.ts'
import type { LoadedBatch } from './loaded-batch.ts'
import { silverLeaves } from './readings.ts'
import { recall } from './recall.ts'
import { BatchIds, type SeenIds, type Times } from './seen-ids.ts'

/** Rows a second: more are DuckDB's, for which many together cost less, and this thread has the services to run too. */
const LIVE_ROWS = 5000
/** What may wait behind a machine that was busy with something else. */
const MOST_WAITING = 100_000

/** So many batches behind one that was too large are left too: a burst ends once, where lines of another form come again and again. */
const BATCHES_BEHIND_MANY = 15

/** Ids stay in memory for the window and some more, for partitions that lag (microseconds). */
const KEPT = 11 * 60_000_000
const GENERATION = 60_000_000

/** Of the present, or nothing. */
export class LiveSilver {
  readonly #context: EngineContext
  readonly #tables: { silver: DeltaTable; quarantine: DeltaTable }
  readonly #handed: HandedReadings
  #seen: SeenIds | undefined
  /** How many batches are still left to DuckDB. */
  #left = 0
  /** Whether the last plan was live, what waited then, and when that was (monotonic ms). */
  #planned = { isLive: false, waiting: 0, at: Number.NaN }
  /** Files that were looked at. */
  readonly #known = new WeakSet<AddFile>()

  constructor(
    context: EngineContext,
    tables: { silver: DeltaTable; quarantine: DeltaTable },
    handed: HandedReadings,
  ) {
    this.#context = context
    this.#tables = tables
    this.#handed = handed
  }

  /**
   * Whether what waits is of the present: no more than comes in the time since the last plan, or what is left of that.
   * @param waiting rows.
   */
  isFor(waiting: number): boolean {
    const { tuning } = this.#context
    const now = performance.now()
    const { isLive, waiting: before, at } = this.#planned
    const seconds = Math.max(1, (now - at) / 1000 || 0)
    const isLess = isLive && waiting < before
    const live =
      tuning.liveBytes > 0 && waiting <= Math.min(MOST_WAITING, isLess ? before : LIVE_ROWS * seconds)
    this.#planned = { isLive: live, waiting, at: now }
    return live
  }

  /** @returns undefined when the batch is DuckDB's. */
  async load(
    batchId: number,
    pieces: readonly BronzePiece[],
    resolve: (path: string) => string,
  ): Promise<LoadedBatch | undefined> {
    const { liveBytes, batchesByDuckDb } = this.#context.tuning
    if (bytesOf(pieces) > liveBytes) return this.#leave(Math.min(batchesByDuckDb, BATCHES_BEHIND_MANY))
    if (this.#left > 0) {
      this.#left--
      return undefined
    }
    const lines = noLines()
    for await (const text of readPieces(pieces, resolve))
      if (!readLines((text as Buffer).toString(), lines)) return this.#leave()
    const found = { input: lines.verdicts.length, quarantined: lines.refused.raw.length }
    refuseCutFiles(pieces, resolve, found)
    if (lines.verdicts.length === 0) return this.#leave()
    if (this.#hasOthers()) this.#seen = undefined
    this.#seen ??= await recall(this.#context, this.#tables, this.#keeping, batchId)
    return this.#seen ? this.#loaded(this.#seen, lines) : this.#leave()
  }

  /** Whether another writer has added rows since the last batch. */
  #hasOthers(): boolean {
    let found = false
    for (const table of [this.#tables.silver, this.#tables.quarantine])
      for (const file of table.state.files.values()) {
        if (this.#known.has(file)) continue
        this.#known.add(file)
        found ||= !parseDataFileName(file.path) && file.dataChange !== false
      }
    return found
  }

  get #keeping() {
    return { kept: KEPT, generation: GENERATION, most: this.#context.tuning.idsInMemory }
  }

  /** @param batches that are left too, after this one. */
  #leave(batches = this.#context.tuning.batchesByDuckDb): undefined {
    this.#seen = undefined
    this.#left = batches
  }

  #loaded(seen: SeenIds, lines: LiveRowsOfLines): LoadedBatch | undefined {
    const ids = idsOf(lines)
    const times = timesOf(lines)
    const repeated = seen.find(ids, times)
    if (repeated === 'unsure') return this.#leave()
    const counts = repeated ? leaveOut(lines, repeated) : countsOf(lines)
    const { silver, quarantine } = this.#tables
    const { valid, refused } = lines
    return {
      counts,
      writeSilver: async (name) => {
        const written = await writeOwnFile(
          this.#context,
          silver.contract,
          silverLeaves(valid),
          counts.output,
          {
            name,
          },
        )
        this.#handed.put(name, valid)
        return written
      },
      writeQuarantine: (name) => {
        const rows = refused.raw.map((raw, index) => ({
          raw,
          reasons: refused.reasons[index],
          enqueuedAt: refused.enqueuedAt[index],
        }))
        const leaves = shred(QUARANTINE, rows)
        return writeOwnFile(this.#context, quarantine.contract, leaves, counts.quarantined, { name })
      },
      remember: async () => seen.remember(ids, repeated, times, this.#context.clock.now() * 1000),
    }
  }
}

const QUARANTINE = [
  { name: 'raw', kind: 'string' },
  { name: 'reasons', kind: 'list' },
  { name: 'enqueuedAt', kind: 'timestamp' },
] as const

const countsOf = ({ valid, refused, verdicts }: LiveRowsOfLines): Required<BatchCounts> => ({
  input: verdicts.length,
  output: valid.eventId.length,
  quarantined: refused.raw.length,
  duplicates: 0,
})

/** In the order of the lines. */
function idsOf({ valid, refused, verdicts }: LiveRowsOfLines): BatchIds {
  let [good, bad] = [0, 0]
  const eventIds = verdicts.map(
    (isValid) => (isValid ? valid.eventId[good++] : refused.eventId[bad++]) as string,
  )
  return new BatchIds(eventIds, (row) => verdicts[row] === true)
}

function timesOf({ valid, refused }: LiveRowsOfLines): Times {
  const times = { earliest: Number.POSITIVE_INFINITY, latest: Number.NEGATIVE_INFINITY }
  for (const column of [valid.enqueuedAt, refused.enqueuedAt])
    for (const time of column) {
      if (time < times.earliest) times.earliest = time
      if (time > times.latest) times.latest = time
    }
  return times
}

/** Takes the duplicates out of the columns. @returns what is left. */
function leaveOut(lines: LiveRowsOfLines, repeated: Uint8Array): Required<BatchCounts> {
  const { valid, refused, verdicts } = lines
  const stays: Record<'good' | 'bad', boolean[]> = { good: [], bad: [] }
  for (const [row, isValid] of verdicts.entries()) stays[isValid ? 'good' : 'bad'].push(!repeated[row])
  const keep = (columns: object, kept: readonly boolean[]) => {
    for (const [name, values] of Object.entries(columns) as [string, unknown[]][])
      (columns as Record<string, unknown[]>)[name] = values.filter((_, row) => kept[row])
  }
  keep(valid, stays.good)
  keep(refused, stays.bad)
  const left = countsOf(lines)
  return { ...left, duplicates: left.input - left.output - left.quarantined }
}
