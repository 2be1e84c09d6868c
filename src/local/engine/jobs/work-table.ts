/** Fills silver's work table `batch` with many lines at once: the rules are run for the few that need them. */
import type { Connection } from '../duckdb/database.ts'
import { COLUMNS, shortWay, validated } from './silver-rules.ts'

const ASSIGNED = [...COLUMNS.split(', '), 'reasons', 'raw', 'id']
  .map((column) => `${column} = irregular.${column}`)
  .join(', ')

// A valid row of the short way has no raw line.
const IRREGULAR = validated('SELECT rowid AS place, raw FROM batch WHERE raw IS NOT NULL', 'place')

/** Makes the work tables, empty. */
export async function makeWorkTables(connection: Connection): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE batch AS ${validated(`SELECT '' AS raw LIMIT 0`)};
    CREATE OR REPLACE TEMP TABLE irregular AS ${IRREGULAR}`)
}

/**
 * Rows as `INSERT INTO batch` of {@link validated} puts them, in the same order. The short way does nearly all of them; the
 * others are validated by the rules, and put in their places. The table must be empty.
 * @param lines SQL of a relation with the column `raw`.
 */
export async function insertMany(connection: Connection, lines: string): Promise<void> {
  await connection.run(`INSERT INTO batch ${shortWay(lines)}`)
  await connection.runPrepared(`INSERT INTO irregular ${IRREGULAR}`)
  await connection.runPrepared(
    `UPDATE batch SET ${ASSIGNED} FROM irregular WHERE irregular.place = batch.rowid`,
  )
  await connection.runPrepared('TRUNCATE irregular')
}
