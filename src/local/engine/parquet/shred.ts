/** Rows of objects as the columns of a Parquet file: what is absent, and where a list goes on, is told by levels. */
import { physicalOf, type SchemaNode } from './file.ts'
import type { Leaf, Physical } from './leaf.ts'

/** A byte each: a table of a day has a hundred thousand in each column. */
class Levels {
  #bytes = new Uint8Array(64)
  #count = 0

  get all(): Uint8Array {
    return this.#bytes.subarray(0, this.#count)
  }

  push(level: number): void {
    if (this.#count === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#count++] = level
  }
}

/** A column while it is filled. */
class Filling implements Leaf {
  readonly values: string[] = []
  readonly #definitions = new Levels()
  readonly #repetitions = new Levels()

  readonly path: readonly string[]
  readonly physical: Physical
  readonly maxDefinition: number
  readonly maxRepetition: number

  constructor(path: readonly string[], physical: Physical, maxDefinition: number, maxRepetition: number) {
    this.path = path
    this.physical = physical
    this.maxDefinition = maxDefinition
    this.maxRepetition = maxRepetition
  }

  get definitions(): Uint8Array {
    return this.#definitions.all
  }

  get repetitions(): Uint8Array {
    return this.#repetitions.all
  }

  put(repetition: number, definition: number, value?: unknown): void {
    if (this.maxRepetition > 0) this.#repetitions.push(repetition)
    this.#definitions.push(definition)
    if (definition === this.maxDefinition) this.values.push(value as string)
  }
}

/** A column with a value or null in each row. @param values null or undefined where there is none. */
export function flatLeaf(name: string, physical: Physical, values: ArrayLike<unknown>): Leaf {
  const leaf = { path: [name], physical, maxDefinition: 1, maxRepetition: 0 }
  if (ArrayBuffer.isView(values)) return { ...leaf, values: values as unknown as ArrayLike<number> }
  const all = values as readonly unknown[]
  const missing = all.some((value) => value === null || value === undefined)
  if (!missing) return { ...leaf, values: values as ArrayLike<string> }
  return {
    ...leaf,
    values: all.filter((value) => value !== null && value !== undefined) as string[],
    definitions: Uint8Array.from(all, (value) => (value === null || value === undefined ? 0 : 1)),
  }
}

/** Columns of rows that are objects. */
export function shred(schema: readonly SchemaNode[], rows: Iterable<Record<string, unknown>>): Leaf[] {
  const columns = schema.map((node) => columnOf(node, [], 0))
  for (const row of rows)
    for (const [index, column] of columns.entries()) column.put(row[schema[index]?.name ?? ''])
  return columns.flatMap(({ leaves }) => leaves)
}

interface Column {
  leaves: Filling[]
  /** A row's value, where everything above it is there. */
  put(value: unknown): void
  /** Something above it is missing. @param definition the levels that are there. */
  miss(definition: number): void
}

/** @param above levels of definition on the way to it. */
function columnOf(node: SchemaNode, path: readonly string[], above: number): Column {
  const here = [...path, node.name]
  if (node.kind === 'struct') return structOf(node.fields, here, above)
  if (node.kind === 'list') return listOf(here, above)
  if (node.kind === 'map') return mapOf(here, above)
  const leaf = new Filling(here, physicalOf(node.kind), above + 1, 0)
  return {
    leaves: [leaf],
    put: (value) => leaf.put(0, isThere(value) ? above + 1 : above, value),
    miss: (definition) => leaf.put(0, definition),
  }
}

function structOf(fields: readonly SchemaNode[], path: readonly string[], above: number): Column {
  const columns = fields.map((field) => columnOf(field, path, above + 1))
  const miss = (definition: number) => {
    for (const column of columns) column.miss(definition)
  }
  return {
    leaves: columns.flatMap(({ leaves }) => leaves),
    put(value) {
      if (!isThere(value)) return miss(above)
      for (const [index, column] of columns.entries())
        column.put((value as Record<string, unknown>)[fields[index]?.name ?? ''])
    },
    miss,
  }
}

function listOf(path: readonly string[], above: number): Column {
  const leaf = new Filling([...path, 'list', 'element'], 'bytes', above + 3, 1)
  return {
    leaves: [leaf],
    put(value) {
      if (!isThere(value)) return leaf.put(0, above)
      const elements = value as readonly unknown[]
      if (elements.length === 0) return leaf.put(0, above + 1)
      for (const [index, one] of elements.entries())
        leaf.put(index === 0 ? 0 : 1, isThere(one) ? above + 3 : above + 2, one)
    },
    miss: (definition) => leaf.put(0, definition),
  }
}

function mapOf(path: readonly string[], above: number): Column {
  const keys = new Filling([...path, 'key_value', 'key'], 'bytes', above + 2, 1)
  const values = new Filling([...path, 'key_value', 'value'], 'bytes', above + 3, 1)
  const miss = (definition: number) => {
    keys.put(0, definition)
    values.put(0, definition)
  }
  return {
    leaves: [keys, values],
    put(value) {
      if (!isThere(value)) return miss(above)
      const entries = Object.entries(value as Record<string, unknown>)
      if (entries.length === 0) return miss(above + 1)
      for (const [index, [key, one]] of entries.entries()) {
        keys.put(index === 0 ? 0 : 1, above + 2, key)
        values.put(index === 0 ? 0 : 1, isThere(one) ? above + 3 : above + 2, one)
      }
    },
    miss,
  }
}

const isThere = (value: unknown) => value !== null && value !== undefined
