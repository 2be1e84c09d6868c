/** Reads our Delta tables with readers that are not ours: the `deltalake` package resolves the files, DuckDB runs the SQL. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { python } from './python.ts'

/** Paths of the table's active files at its newest version, as `deltalake` sees it. */
export function activeFiles(table: string): string[] {
  const script = 'import sys, deltalake\nprint("\\n".join(deltalake.DeltaTable(sys.argv[1]).file_uris()))'
  return python(script, [table]).split('\n').filter(Boolean)
}

/**
 * Runs SQL over the relation `rows` = the whole table.
 * @param dataDir the data folder; `table` is relative to its lake, e.g. `silver/weather`.
 * @returns rows as plain objects; 64-bit integers as numbers.
 */
export async function readTable(
  dataDir: string,
  table: string,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const files = activeFiles(join(dataDir, 'lake', table))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')
    await connection.run(`CREATE VIEW rows AS SELECT * FROM read_parquet([${list}])`)
    const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS()
    return rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
      ),
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
