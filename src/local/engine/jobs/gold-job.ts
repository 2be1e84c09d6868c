/** silver/weather → gold/weather and gold/weather_by_minute. */
import { type BatchCounts, TABLES } from '../../../contract/tables.ts'
import type { EngineContext } from '../api/options.ts'
import { compactAppended } from '../delta/compaction.ts'
import { DeltaTable } from '../delta/delta-writer.ts'
import { writeOwnFile } from '../delta/own-file.ts'
import { dataFileName, STORED, type WrittenFile, writeParquet } from '../delta/parquet-file.ts'
import { TableMaintenance } from '../delta/table-maintenance.ts'
import { type Connection, countRows } from '../duckdb/database.ts'
import { HandedReadings } from '../live/handed-readings.ts'
import { goldLeaves, hourOf, joined, minuteOf, type Readings } from '../live/readings.ts'
import { isReadHere, readingsIn } from '../live/readings-in.ts'
import { type SumRow, sumsOf } from '../live/sums.ts'
import { type DeltaPosition, DeltaSource } from '../query/delta-source.ts'
import type { Batch, BatchJob, BatchPlan, Output } from '../query/query.ts'
import { hourBucket } from './aggregate-job.ts'
import { type DeltaInput, planOf, readingsOf, sayingWhatIsGone } from './delta-input.ts'
import { HandedRows } from './handed-rows.ts'
import { addUp, LiveRows, LOADED, MOST_READINGS } from './live-rows.ts'
import { minuteIn } from './time-bucket-range.ts'
import type { UpsertTable } from './upsert-rows.ts'
import { compactKeyed, updateKeyed } from './upsert-table.ts'

/** SQL of a time's bucket. In whole numbers: a quotient with a fraction took the last microsecond of a minute of far years for the next. */
const minuteBucket = (time: string) =>
  `((epoch_us(${time}) - (epoch_us(${time}) % 60000000 + 60000000) % 60000000) // 60000000)`

const BY_MINUTE: UpsertTable = {
  contract: TABLES.byMinute,
  slotOfReading: minuteBucket('enqueuedAt'),
  bucketsIn: ({ minValues, maxValues }) => ({
    from: minuteIn(minValues?.enqueuedAt),
    to: minuteIn(maxValues?.enqueuedAt),
  }),
  slotOfRow: minuteBucket('minute'),
  keyColumns: 'to_timestamp(bucket * 60) AS minute',
  bucketOfRow: ({ minute }) => minuteOf(Number(minute ?? Number.NaN)),
  keysOf: (bucket) => ({ minute: bucket * 60_000_000 }),
  extremes: true,
}

/** SQL of an hour's bucket, from the columns of silver. */
const HOUR_OF_READING = hourBucket('"timestamp"::DATE', 'hour("timestamp")')

const COLUMNS = TABLES.silver.columns.map(([name, type]) => ({ name: `"${name}"`, type: STORED[type] }))
const WORK_TABLE = `CREATE OR REPLACE TEMP TABLE readings (${COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ')})`

/** After this many rows the space of deleted ones, which DuckDB keeps, is given back. */
const ROWS_PER_WORK_TABLE = 5000

/** What follows from silver, the aggregate too. */
const REBUILT = [
  ...['gold/weather', 'gold/weather_by_minute', 'gold/weather_aggregated'],
  ...['checkpoints/gold', 'checkpoints/aggregate'],
]

/** What was appended to gold. */
interface Appended {
  /** Readings; undefined when the table had the batch already. */
  appended: number | undefined
  /** What they add up to, where that is known. */
  byMinute: readonly SumRow[] | undefined
  /** SQL of them. */
  readings: string
}

/** Readings are appended, and merged into the rows of their minutes. */
export class GoldJob implements BatchJob<DeltaInput, DeltaPosition> {
  readonly name = 'gold'
  readonly outputs: readonly Output[]
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #gold: DeltaTable
  readonly #byMinute: DeltaTable
  readonly #retentions: TableMaintenance[]
  readonly #liveRows: LiveRows
  readonly #unfinished: string
  #rowsInWorkTable = 0
  readonly #handed: HandedRows
  readonly #fromSilver: HandedReadings
  /** Which life of the connection has the work table. */
  #life: number | undefined
  readonly #listen: (onInput: () => void) => () => void
  #stopListening: (() => void) | undefined
  #source: DeltaSource | undefined

  /**
   * @param listen is told when silver has committed. @param handed takes what its files add up to, for the aggregate.
   * @param fromSilver what silver's last files hold.
   */
  constructor(
    context: EngineContext,
    connection: Connection,
    aggregateConsumedUpTo: () => number,
    listen: (onInput: () => void) => () => void,
    handed = new HandedRows(),
    fromSilver = new HandedReadings(),
  ) {
    this.#handed = handed
    this.#fromSilver = fromSilver
    this.#context = context
    this.#connection = connection
    this.#listen = listen
    this.#unfinished = context.lake.unfinishedFile()
    this.#gold = new DeltaTable(context, TABLES.gold)
    this.#byMinute = new DeltaTable(context, TABLES.byMinute)
    this.#liveRows = new LiveRows(context, connection, BY_MINUTE)
    this.outputs = [
      { table: this.#gold, appId: 'gold', everyBatch: true },
      { table: this.#byMinute, appId: 'gold-by-minute', everyBatch: true },
    ]
    this.#retentions = [
      new TableMaintenance(context, this.#gold, aggregateConsumedUpTo),
      new TableMaintenance(context, this.#byMinute),
    ]
  }

  async open(
    position: DeltaPosition | undefined,
    _firstUnfinished: number,
    onInput: () => void,
  ): Promise<void> {
    this.#source = new DeltaSource(this.#context, this.#connection, TABLES.silver, {
      position,
      rowsPerBatch: this.#context.tuning.rowsPerBatch,
      rebuilt: REBUILT,
    })
    this.#stopListening = this.#listen(onInput)
    this.#handed.clear()
    await this.#source.open()
  }

  async plan(): Promise<BatchPlan<DeltaInput, DeltaPosition> | undefined> {
    return this.#source && planOf(this.#source, BY_MINUTE.bucketsIn)
  }

  async execute(batch: Batch, input: DeltaInput): Promise<BatchCounts> {
    const source = this.#source
    if (!source) throw new Error('The source of gold is not open.')
    return sayingWhatIsGone(source, input, () => this.#write(batch, source, input))
  }

  async #write(batch: Batch, source: DeltaSource, input: DeltaInput): Promise<BatchCounts> {
    const rows = await this.#liveReadings(source, input)
    const { appended, byMinute, readings } = rows
      ? await this.#writeLive(batch, rows, readingsOf(source, input))
      : await this.#writeBySql(batch, source, input)
    const count = appended ?? (await countRows(this.#connection, readings))
    await updateKeyed(
      this.#context,
      this.#connection,
      BY_MINUTE,
      this.outputs[1] as Output,
      batch,
      readings,
      input.span,
      this.#liveRows,
      byMinute,
    )
    this.#fromSilver.done(input.files)
    return { input: count, output: count }
  }

  /** From memory, or from few files of ours; undefined when DuckDB reads them. */
  async #liveReadings(source: DeltaSource, { files, span }: DeltaInput): Promise<Readings | undefined> {
    const handed = this.#fromSilver.of(files)
    if (handed) return joined(handed)
    const isHere = this.#context.tuning.liveBytes > 0 && !this.#connection.isInUse
    return isHere && isReadHere(files, span?.readings)
      ? readingsIn(files.map((file) => source.pathOf(file)))
      : undefined
  }

  /** @param readings SQL of the same rows, for what DuckDB must merge. */
  async #writeLive(batch: Batch, rows: Readings, readings: string): Promise<Appended> {
    const byMinute = sumsOf(rows, rows.enqueuedAt, minuteOf)
    const byHour = sumsOf(rows, rows.timestamp, hourOf)
    const count = rows.eventId.length
    await this.#append(batch, byHour, (name) =>
      writeOwnFile(this.#context, TABLES.gold, goldLeaves(rows), count, { name }),
    )
    return { appended: count, byMinute, readings }
  }

  async #writeBySql(batch: Batch, source: DeltaSource, input: DeltaInput): Promise<Appended> {
    const readings = await this.#readings(source, input)
    const isLoaded = readings === LOADED
    const sums = isLoaded
      ? await addUp(this.#connection, [BY_MINUTE.slotOfReading, HOUR_OF_READING])
      : undefined
    const appended = await this.#append(batch, sums?.[1], (name) =>
      writeParquet(this.#context, this.#connection, TABLES.gold, {
        select: `SELECT *, "timestamp"::DATE AS date, hour("timestamp") AS hour FROM (${readings})`,
        name,
        ...(isLoaded && { planKept: { unfinished: this.#unfinished } }),
      }),
    )
    return { appended, byMinute: sums?.[0], readings }
  }

  /** SQL of a batch's readings. Few are read once, into a work table, for the two tables that they go into. */
  async #readings(source: DeltaSource, input: DeltaInput): Promise<string> {
    const readings = readingsOf(source, input)
    const count = input.span?.readings ?? Number.POSITIVE_INFINITY
    if (count > MOST_READINGS) return readings
    await this.#connection.open()
    if (this.#life === this.#connection.life) await this.#connection.runPrepared('TRUNCATE readings')
    else {
      await this.#connection.run(WORK_TABLE)
      this.#life = this.#connection.life
      this.#rowsInWorkTable = 0
    }
    if (this.#rowsInWorkTable + count > ROWS_PER_WORK_TABLE) {
      await this.#connection.reclaim()
      this.#rowsInWorkTable = 0
    }
    const columns = COLUMNS.map(({ name, type }) => `${name}::${type}`).join(', ')
    await this.#connection.run(`INSERT INTO readings SELECT ${columns} FROM (${readings})`)
    this.#rowsInWorkTable += count
    return LOADED
  }

  async maintain(): Promise<void> {
    await compactAppended(this.#context, this.#connection, this.#gold)
    await compactKeyed(this.#context, this.#connection, BY_MINUTE, this.#byMinute, this.#liveRows)
    for (const table of [this.#gold, this.#byMinute]) await table.checkpointIfDue()
    for (const retention of this.#retentions) await retention.clean()
  }

  close(): void {
    this.#stopListening?.()
  }

  /** @returns the number of readings; undefined when the table had the batch already. */
  async #append(
    batch: Batch,
    byHour: readonly SumRow[] | undefined,
    write: (name: string) => Promise<WrittenFile | undefined>,
  ): Promise<number | undefined> {
    const { table, appId } = this.outputs[0] as Output
    if (table.transaction(appId) >= batch.id) return undefined
    const written = await write(dataFileName(batch.id, batch.id, 'b', 0))
    await this.#context.tuning.failpoint(`${table.title}: file written`)
    const count = written?.rows ?? 0
    await table.commit({
      operation: 'STREAMING UPDATE',
      operationParameters: { outputMode: 'Append', queryId: this.name, epochId: String(batch.id) },
      operationMetrics: {
        numAddedFiles: written ? 1 : 0,
        numOutputRows: count,
        numOutputBytes: written?.add.size ?? 0,
      },
      txn: { appId, version: batch.id },
      add: written ? [written.add] : [],
      dataChange: true,
      commitMetadata: batch.commitMetadata({ input: count, output: count }),
    })
    if (written && byHour) this.#handed.put(written.add.path, byHour)
    await this.#context.tuning.failpoint(`${table.title}: committed`)
    return count
  }
}
