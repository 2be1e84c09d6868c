/** Fills silver's work table `batch` with many lines at once: the rules are run for the few that need them. */
import { TABLES } from '../../../contract/tables.ts'
import { STORED } from '../delta/parquet-file.ts'
import type { Connection, Database } from '../duckdb/database.ts'
import { COLUMNS, shortWay, validated } from './silver-rules.ts'

const ASSIGNED = [...COLUMNS.split(', '), 'reasons', 'raw', 'id']
  .map((column) => `${column} = irregular.${column}`)
  .join(', ')

/** Their names. */
export interface WorkTables {
  /** The rows of a batch. */
  batch: string
  /** Those that the rules were run for, on their way into `batch`. */
  irregular: string
}

/** Silver's connection has them for itself. */
const OWN: WorkTables = { batch: 'batch', irregular: 'irregular' }
/** Of all connections: one fills them, and silver's reads them. */
const SHARED: WorkTables = { batch: 'half', irregular: 'half_irregular' }

// A row of the short way has no raw line, or the reasons for it. Gathered first: the rules cost as much for a hundred lines as for one, and a filter hands on few at a time.
const irregularOf = ({ batch }: WorkTables) =>
  `WITH irregular_lines AS MATERIALIZED (SELECT rowid AS place, raw FROM ${batch} WHERE raw IS NOT NULL AND reasons IS NULL)
  ${validated('SELECT place, raw FROM irregular_lines', 'place')}`

/** As {@link validated} gives them. Told here, as planning the rules takes as long as loading thousands of lines. */
const TYPES: Partial<Record<string, string>> = { timestamp: 'TIMESTAMP' }
const DEFINED = [
  ...TABLES.silver.columns.map(([name, type]) => `"${name}" ${TYPES[type] ?? STORED[type]}`),
  'reasons VARCHAR',
  'raw VARCHAR',
  'id UHUGEINT',
]
const OF_BATCH = DEFINED.join(', ')
const OF_IRREGULAR = DEFINED.toSpliced(TABLES.silver.columns.length, 0, 'place BIGINT').join(', ')

/** Makes the work tables, empty. */
export async function makeWorkTables(connection: Connection): Promise<void> {
  // A shared one that took the place of the temporary one.
  await connection.run(`
    DROP TABLE IF EXISTS memory.main.${OWN.batch};
    CREATE OR REPLACE TEMP TABLE ${OWN.batch} (${OF_BATCH});
    CREATE OR REPLACE TEMP TABLE ${OWN.irregular} (${OF_IRREGULAR})`)
}

/**
 * Rows as `INSERT INTO batch` of {@link validated} puts them, in the same order. The short way does nearly all of them; the
 * others are validated by the rules, and put in their places. The table must be empty.
 * @param lines SQL of a relation with the column `raw`.
 */
export async function insertMany(
  connection: Connection,
  lines: string,
  tables: WorkTables = OWN,
): Promise<void> {
  const { batch, irregular } = tables
  await connection.run(`INSERT INTO ${batch} ${shortWay(lines)}`)
  await connection.runPrepared(`INSERT INTO ${irregular} ${irregularOf(tables)}`)
  await connection.runPrepared(
    `UPDATE ${batch} SET ${ASSIGNED} FROM ${irregular} AS irregular WHERE irregular.place = ${batch}.rowid`,
  )
  await connection.runPrepared(`TRUNCATE ${irregular}`)
}

/**
 * As {@link insertMany}, in two halves at the same time: DuckDB reads and checks lines on one thread, and that is two thirds of
 * what a large batch takes. The second half comes through a table that two connections see.
 * @param first SQL of a relation with the column `raw`. @param second the lines behind them.
 */
export async function insertHalves(
  connection: Connection,
  database: Pick<Database, 'connect' | 'disconnect'>,
  first: string,
  second: string,
): Promise<void> {
  await makeShared(connection, SHARED)
  const other = database.connect()
  try {
    // Neither may run on when this has failed.
    const halves = await Promise.allSettled([
      insertMany(connection, first),
      insertMany(other, second, SHARED),
    ])
    for (const half of halves) if (half.status === 'rejected') throw half.reason
    await connection.run(`INSERT INTO ${OWN.batch} SELECT * FROM ${SHARED.batch}`)
  } finally {
    database.disconnect(other)
    await connection.run(`DROP TABLE ${SHARED.batch}; DROP TABLE ${SHARED.irregular}`)
  }
}

/** Makes tables that all connections see, empty. */
export async function makeShared(connection: Connection, { batch, irregular }: WorkTables): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TABLE ${batch} (${OF_BATCH});
    CREATE OR REPLACE TABLE ${irregular} (${OF_IRREGULAR})`)
}

/** Makes a shared table the work table `batch`, as it is. {@link makeWorkTables} makes a temporary one of it again. */
export async function putInPlace(connection: Connection, { batch, irregular }: WorkTables): Promise<void> {
  await connection.run(`
    DROP TABLE ${irregular};
    DROP TABLE ${OWN.batch};
    ALTER TABLE ${batch} RENAME TO ${OWN.batch}`)
}
