/** Values of a partition, which stand in the log as text: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#partition-value-serialization */
import { timeIn } from '../../delta/statistics.ts'

/** Delta's types of one value, as DuckDB names them. Its times without a zone are UTC, as those in statistics are. */
const SQL_TYPES: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  integer: 'INTEGER',
  long: 'BIGINT',
  short: 'SMALLINT',
  byte: 'TINYINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
}

const isNumber = (type: string) => /^(?:integer|long|short|byte|float|double|decimal.*)$/.test(type)
const isTime = (type: string) => /^(?:date|timestamp|timestamp_ntz)$/.test(type)

/**
 * A value as {@link ParquetFile.rows} would give it.
 * @param text as in the log: of every type an empty one is null. @param type undefined for a column that the schema does not list.
 */
export function partitionValue(
  text: string | null | undefined,
  type = 'string',
): string | number | boolean | Date | null {
  if (text === null || text === undefined || text === '') return null
  if (isNumber(type)) return Number(text)
  if (type === 'boolean') return text === 'true'
  const time = isTime(type) ? timeIn(text) : undefined
  return time === undefined ? text : new Date(time)
}

/** The same in DuckDB's SQL, of the column's type. */
export function partitionSql(text: string | null | undefined, type = 'string'): string {
  const sqlType = SQL_TYPES[type] ?? (/^decimal\(\d+,\s*\d+\)$/.test(type) ? type : undefined)
  const value = partitionValue(text, type)
  const plain = type !== 'date' && value instanceof Date ? value.toISOString() : text
  const quoted = value === null ? 'NULL' : `'${String(plain).replaceAll("'", "''")}'`
  return sqlType === undefined ? quoted : `CAST(${quoted} AS ${sqlType})`
}
