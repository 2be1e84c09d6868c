/** The columns of a table: their names in the schema, and in data files and statistics. */
import type { Metadata } from './actions.ts'

/** A column at the top level of a table; fields of structs are not looked at. */
export interface Column {
  name: string
  /** Type as in the schema; for structs, arrays and maps only the kind. */
  type: string
  /** Its name in data files and statistics. */
  physicalName: string
  /** Its Parquet field id, when files are to be read by ids. */
  fieldId: number | undefined
}

/** As it stands in the schema. */
export interface Field {
  name: string
  type: string | { type: string }
  nullable?: boolean
  metadata?: Record<string, unknown>
}

/** Those at the top level; none of a schema that cannot be parsed. */
export const fieldsOf = (metaData: Metadata | undefined): readonly Field[] => fieldsIn(metaData?.schemaString)

/** @returns no columns for a schema that cannot be parsed. */
export function columnsOf(metaData: Metadata | undefined): readonly Column[] {
  const mode = metaData?.configuration?.['delta.columnMapping.mode'] ?? 'none'
  const isMapped = mode === 'name' || mode === 'id'
  return fieldsOf(metaData).map(({ name, type, metadata }) => {
    const physical = metadata?.['delta.columnMapping.physicalName']
    const id = metadata?.['delta.columnMapping.id']
    return {
      name,
      type: typeof type === 'string' ? type : type.type,
      physicalName: isMapped && typeof physical === 'string' ? physical : name,
      fieldId: mode === 'id' && typeof id === 'number' ? id : undefined,
    }
  })
}

function fieldsIn(schemaString: string | undefined): readonly Field[] {
  try {
    const schema = JSON.parse(schemaString ?? '') as { fields?: readonly Field[] } | null
    return Array.isArray(schema?.fields) ? schema.fields : []
  } catch {
    return []
  }
}

/** A column's name in statistics and files; its own name when the schema does not list it. */
export const physicalName = (columns: readonly Column[], name: string): string =>
  columns.find((column) => column.name === name)?.physicalName ?? name
