/** Texts in Parquet files of any writer, as they are. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { ParquetFile } from '../../../src/azure/lake/parquet.ts'

it('keeps a U+FEFF that a text begins with: two ids stay two', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-parquet-'))
  const path = join(folder, 'texts.parquet')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(
    `COPY (SELECT unnest([chr(65279) || 'id', 'id', NULL, '', chr(65279), 'Zürich']) AS text) TO '${path}' (FORMAT parquet)`,
  )
  instance.closeSync()
  const rows = await new ParquetFile(readFileSync(path)).rows()
  rmSync(folder, { recursive: true })
  expect(rows.map(({ text }) => text ?? null)).toEqual(['\ufeffid', 'id', null, '', '\ufeff', 'Zürich'])
})
