/** What a report asks the tables themselves: samples of each layer, every reason for the quarantine, and the rows minute by minute. */
import { type LakeQuery, NEWEST_ROWS, QUERY_TABLES, type QueryResult } from '../pipeline/ports/query.ts'

/** The newest rows of one table. */
export interface TableSample {
  name: string
  columns: readonly string[]
  /** Text, cut to a few hundred characters. */
  rows: readonly (readonly string[])[]
}

/** Rows by the minute in which the hub took them. */
export interface MinuteRows {
  /** Start of the minute in which the hub took them, epoch milliseconds. */
  at: number
  silver: number
  quarantined: number
  gold: number
  /** From the making of a reading to the hub (ms); undefined: none says when it was made. */
  latency: { p50: number; p95: number; p99: number } | undefined
}

/** What the tables say, in place of what the screen has shown. */
export interface TablesPart {
  samples: readonly TableSample[]
  /** Rows in quarantine by reason, all of them; undefined: they could not be asked. */
  quarantine: readonly { reason: string; events: number }[] | undefined
  minutes: readonly MinuteRows[]
}

const SAMPLE_ROWS = 5
const CELL_LENGTH = 300
const MOST_REASONS = 50
/** Minutes of the charts: about a week. */
const MOST_MINUTES = 10_000
const TIMEOUT_MS = 20_000
/** Beyond this much nothing is asked (bytes): the tables may lie on Azure. */
const MOST_BYTES = 100_000_000

const REASONS =
  'SELECT reason, count(*) AS rows FROM (SELECT unnest(reasons) AS reason FROM quarantine) GROUP BY reason ORDER BY rows DESC, reason'
const QUANTILES = [0.5, 0.95, 0.99]
  .map((share) => `quantile_cont(epoch_ms(enqueuedAt) - epoch_ms(createdAt), ${share})`)
  .join(', ')
const minutesOf = (table: string, more = '') =>
  `SELECT epoch_ms(date_trunc('minute', enqueuedAt)) AS began, count(*) AS rows${more} FROM ${table} WHERE enqueuedAt IS NOT NULL GROUP BY began ORDER BY began`

/** A table that cannot be asked is left out: the rest of the report stands. */
export async function askTables(query: LakeQuery, signal?: AbortSignal): Promise<TablesPart> {
  const none: TablesPart = { samples: [], quarantine: undefined, minutes: [] }
  const size = await query.size(QUERY_TABLES, signal).catch(() => undefined)
  if (!size || size.bytes > MOST_BYTES) return none
  const ask = async (sql: string, rows: number): Promise<QueryResult | undefined> => {
    try {
      return await query.run(sql, { rows, timeoutMs: TIMEOUT_MS }, signal)
    } catch {
      signal?.throwIfAborted()
      return undefined
    }
  }
  const samples: TableSample[] = []
  for (const [name, sql] of Object.entries(NEWEST_ROWS)) {
    const result = await ask(sql, SAMPLE_ROWS)
    if (result && result.rows.length > 0)
      samples.push({ name, columns: result.columns, rows: result.rows.map((row) => row.map(cellText)) })
  }
  const reasons = await ask(REASONS, MOST_REASONS)
  const silver = await ask(minutesOf('silver', `, ${QUANTILES}`), MOST_MINUTES)
  const quarantine = await ask(minutesOf('quarantine'), MOST_MINUTES)
  const gold = await ask(minutesOf('gold'), MOST_MINUTES)
  return {
    samples,
    quarantine: reasons?.rows.map(([reason, rows]) => ({ reason: String(reason), events: Number(rows) })),
    minutes: byMinute(silver, quarantine, gold),
  }
}

function byMinute(
  silver: QueryResult | undefined,
  quarantine: QueryResult | undefined,
  gold: QueryResult | undefined,
): MinuteRows[] {
  const minutes = new Map<number, MinuteRows>()
  const at = (time: unknown): MinuteRows => {
    const key = Number(time)
    const known = minutes.get(key) ?? { at: key, silver: 0, quarantined: 0, gold: 0, latency: undefined }
    minutes.set(key, known)
    return known
  }
  for (const [time, rows, p50, p95, p99] of silver?.rows ?? []) {
    const minute = at(time)
    minute.silver = Number(rows)
    if ([p50, p95, p99].every((value) => typeof value === 'number'))
      minute.latency = { p50: Number(p50), p95: Number(p95), p99: Number(p99) }
  }
  for (const [time, rows] of quarantine?.rows ?? []) at(time).quarantined = Number(rows)
  for (const [time, rows] of gold?.rows ?? []) at(time).gold = Number(rows)
  return [...minutes.values()].sort((a, b) => a.at - b.at)
}

function cellText(value: unknown): string {
  const text =
    value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > CELL_LENGTH ? `${text.slice(0, CELL_LENGTH)}…` : text
}
