/** Whether the engine can read and write a table as other writers have left it. */
import type { TableContract } from '../../../contract/tables.ts'
import type { Metadata, Protocol } from '../../../delta/actions.ts'
import { beyondOldest } from '../../../delta/protocol.ts'
import { type Field, fieldsOf } from '../../../delta/schema.ts'

/**
 * Other writers may add columns, and set properties. An upgrade, partitions, or other types in the contract's columns end the run: values
 * may be missing in the table's files then, or ours would not be of the type that its schema names.
 * @param metaData undefined: only the protocol is looked at.
 * @throws Error says what is other than it was, and what to do.
 */
export function assertFits(
  title: string,
  columns: TableContract['columns'],
  protocol: Protocol | undefined,
  metaData?: Metadata,
): void {
  const [partition] = metaData?.partitionColumns ?? []
  if (partition !== undefined)
    throw new Error(
      `${title} was partitioned by another writer (${partition}), which the embedded engine does not read. Make it anew without partitions.`,
    )
  const beyond = beyondOldest(protocol)
  if (beyond)
    throw new Error(
      `${title} ${beyond.problem}, beyond what the embedded engine reads and writes (1, 2). ${beyond.remedy}`,
    )
  const changed = metaData && changedColumn(columns, metaData)
  if (changed === undefined) return
  throw new Error(
    `Another writer has overwritten the schema of ${title}: ${changed}. Overwrite it once more with the columns that it had ` +
      '(overwriteSchema; they stand in docs/data-contract.md), or use another data folder.',
  )
}

/**
 * By name as Delta has it: without regard to case. In files a name is to be as the schema writes it: some readers find no other. A schema
 * that cannot be parsed has no columns.
 */
function changedColumn(columns: TableContract['columns'], metaData: Metadata): string | undefined {
  const found = new Map(fieldsOf(metaData).map((field) => [field.name.toLowerCase(), field]))
  for (const [name, type] of columns) {
    const now = found.get(name.toLowerCase())
    if (now === undefined) return `its column ${name} is gone`
    if (now.name !== name) return `its column ${name} is called ${now.name}`
    if (typeOf(now) !== type) return `its column ${name} is of type ${typeOf(now)}, and was ${type}`
  }
  return undefined
}

/** As the contract writes it; of structs and maps only the kind. */
function typeOf({ type }: Field): string {
  if (typeof type === 'string') return type
  const { type: kind, elementType } = type as { type: string; elementType?: unknown }
  return kind === 'array' && typeof elementType === 'string' ? `array<${elementType}>` : kind
}
