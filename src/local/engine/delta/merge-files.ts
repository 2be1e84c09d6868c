/** Small files of an appended table as one, column by column: so no more than one column is in memory. */
import { setImmediate } from 'node:timers/promises'
import type { TableContract } from '../../../contract/tables.ts'
import type { EngineContext } from '../api/options.ts'
import { type ColumnKind, ParquetBuilder, physicalOf } from '../parquet/file.ts'
import { ParquetReading } from '../parquet/read.ts'
import { flatLeaf, shred } from '../parquet/shred.ts'
import { placeFile, schemaOf } from './own-file.ts'
import { FOOTER, type WrittenFile } from './parquet-file.ts'

/**
 * Writes `<table>/<name>` with the rows of files that this engine has written.
 * @param paths absolute, in the order of the rows.
 */
export async function mergeFiles(
  context: EngineContext,
  contract: TableContract,
  paths: readonly string[],
  name: string,
): Promise<WrittenFile> {
  const files: ParquetReading[] = []
  try {
    for (const path of paths) files.push(await ParquetReading.open(path))
    const rows = files.reduce((sum, { metadata }) => sum + Number(metadata.num_rows), 0)
    const schema = schemaOf(contract)
    const builder = new ParquetBuilder(schema)
    for (const node of schema) {
      if (node.kind === 'list') {
        const found = []
        for (const file of files) found.push(...(await file.rows([node.name])))
        for (const leaf of shred([node], found)) builder.add(leaf)
      } else {
        const values: unknown[] = []
        for (const file of files) for (const value of await file.column(node.name)) values.push(value)
        builder.add(flatLeaf(node.name, physicalOf(node.kind as ColumnKind), values))
      }
      // The services share this thread.
      await setImmediate()
    }
    return await placeFile(context, contract, builder.finish(rows, FOOTER), { name })
  } finally {
    for (const file of files) await file.close()
  }
}
