/** gold/weather → gold/weather_aggregated. */
import { type BatchCounts, TABLES } from '../../../contract/tables.ts'
import type { FileStatistics } from '../../../delta/actions.ts'
import type { EngineContext } from '../api/options.ts'
import { DeltaTable } from '../delta/delta-writer.ts'
import { TableMaintenance } from '../delta/table-maintenance.ts'
import { type Connection, countRows } from '../duckdb/database.ts'
import { goldIn, isReadHere } from '../live/readings-in.ts'
import { type SumRow, sumsOf } from '../live/sums.ts'
import { type DeltaPosition, DeltaSource } from '../query/delta-source.ts'
import type { Batch, BatchJob, BatchPlan, Output } from '../query/query.ts'
import { type DeltaInput, planOf, readingsOf, sayingWhatIsGone } from './delta-input.ts'
import { HandedRows } from './handed-rows.ts'
import { LiveRows } from './live-rows.ts'
import type { BucketRange } from './time-bucket-range.ts'
import type { UpsertTable } from './upsert-rows.ts'
import { compactKeyed, updateKeyed } from './upsert-table.ts'

/** SQL of the bucket, from that of a reading's date and hour. */
export const hourBucket = (date: string, hour: string) =>
  `(${date} - DATE '1970-01-01')::BIGINT * 24 + ${hour}`
const HOURS = hourBucket('date', 'hour')

/** For files with a single date: with two, it is unknown which hours belong to which. */
function hoursIn({ minValues, maxValues }: FileStatistics): BucketRange | undefined {
  const date = minValues?.date
  if (date === undefined || date !== maxValues?.date) return undefined
  const midnight = Date.parse(`${date}T00:00:00Z`) / 3_600_000
  return { from: midnight + Number(minValues?.hour), to: midnight + Number(maxValues.hour) }
}

const BY_HOUR: UpsertTable = {
  contract: TABLES.aggregated,
  slotOfReading: HOURS,
  bucketsIn: hoursIn,
  slotOfRow: HOURS,
  keyColumns: `DATE '1970-01-01' + floor(bucket / 24)::INTEGER AS date, bucket - floor(bucket / 24)::BIGINT * 24 AS hour`,
  bucketOfRow: ({ date, hour }) => Number(date ?? Number.NaN) * 24 + Number(hour ?? Number.NaN),
  keysOf: (bucket) => ({ date: Math.floor(bucket / 24), hour: bucket - Math.floor(bucket / 24) * 24 }),
  extremes: false,
}

/** Rewriting is what costs, so more readings share a batch when there is a backlog. */
const ROWS_FACTOR = 4

/** Readings of a batch are merged into the rows of their hours. */
export class AggregateJob implements BatchJob<DeltaInput, DeltaPosition> {
  readonly name = 'aggregate'
  readonly outputs: readonly [Output]
  readonly #context: EngineContext
  readonly #connection: Connection
  readonly #aggregated: DeltaTable
  readonly #retention: TableMaintenance
  readonly #liveRows: LiveRows
  readonly #handed: HandedRows
  readonly #listen: (onInput: () => void) => () => void
  #stopListening: (() => void) | undefined
  #source: DeltaSource | undefined

  /** @param listen is told when gold has committed. @param handed what gold's last files add up to. */
  constructor(
    context: EngineContext,
    connection: Connection,
    listen: (onInput: () => void) => () => void,
    handed = new HandedRows(),
  ) {
    this.#handed = handed
    this.#context = context
    this.#connection = connection
    this.#listen = listen
    this.#aggregated = new DeltaTable(context, TABLES.aggregated)
    this.#liveRows = new LiveRows(context, connection, BY_HOUR)
    this.outputs = [{ table: this.#aggregated, appId: 'aggregate', everyBatch: true }]
    this.#retention = new TableMaintenance(context, this.#aggregated)
  }

  async open(
    position: DeltaPosition | undefined,
    _firstUnfinished: number,
    onInput: () => void,
  ): Promise<void> {
    this.#source = new DeltaSource(this.#context, this.#connection, TABLES.gold, {
      position,
      rowsPerBatch: this.#context.tuning.rowsPerBatch * ROWS_FACTOR,
      rebuilt: ['gold/weather_aggregated', 'checkpoints/aggregate'],
    })
    this.#stopListening = this.#listen(onInput)
    await this.#source.open()
  }

  async plan(): Promise<BatchPlan<DeltaInput, DeltaPosition> | undefined> {
    return this.#source && planOf(this.#source, BY_HOUR.bucketsIn)
  }

  async execute(batch: Batch, input: DeltaInput): Promise<BatchCounts> {
    const source = this.#source
    if (!source) throw new Error('The source of the aggregate is not open.')
    return sayingWhatIsGone(source, input, () => this.#update(batch, source, input))
  }

  async #update(batch: Batch, source: DeltaSource, input: DeltaInput): Promise<BatchCounts> {
    const readings = readingsOf(source, input)
    const updated = await updateKeyed(
      this.#context,
      this.#connection,
      BY_HOUR,
      this.outputs[0],
      batch,
      readings,
      input.span,
      this.#liveRows,
      await this.#sums(source, input),
    )
    const count = updated ?? (await countRows(this.#connection, readings))
    return { input: count, output: count }
  }

  /** What the readings add up to: as gold says, or by few files of ours; undefined when DuckDB adds them up. */
  async #sums(source: DeltaSource, { files, span }: DeltaInput): Promise<readonly SumRow[] | undefined> {
    const handed = this.#handed.of(files)
    const isHere = this.#context.tuning.liveBytes > 0 && !this.#connection.isInUse
    if (handed || !isHere || !isReadHere(files, span?.readings)) return handed
    const rows = await goldIn(files.map((file) => source.pathOf(file)))
    const hours = rows?.date.map((date, row) => date * 24 + (rows.hour[row] as number))
    return rows && hours && sumsOf(rows, hours, (hour) => hour)
  }

  async maintain(): Promise<void> {
    await compactKeyed(this.#context, this.#connection, BY_HOUR, this.#aggregated, this.#liveRows)
    await this.#aggregated.checkpointIfDue()
    await this.#retention.clean()
  }

  close(): void {
    this.#stopListening?.()
  }
}
