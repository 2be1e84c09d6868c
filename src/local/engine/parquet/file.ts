/**
 * Writes Parquet files (apache/parquet-format): one row group, a page for each column, dictionaries where they pay, and long texts compressed that repeat themselves.
 * For the few rows of a live batch: asking DuckDB takes longer than writing them, and a process that never asks it needs a fifth
 * less memory (docs/decisions/018). What a batch consists of, ids and times, hardly gets smaller by compression.
 */
import { type Bounds, type Leaf, PHYSICAL, type WrittenLeaf, writeLeaf } from './leaf.ts'
import { encodeThrift, type ThriftStruct, type ThriftValue } from './thrift.ts'

/** How a column is stored, and what it means. */
export type ColumnKind =
  | 'string'
  | 'integer'
  | 'long'
  | 'double'
  | 'boolean'
  /** Microseconds since 1970, adjusted to UTC. */
  | 'timestamp'
  /** Days since 1970. */
  | 'date'

/** A node of a file's schema. Everything may be null but keys of maps. */
export type SchemaNode =
  | { name: string; kind: ColumnKind }
  | { name: string; kind: 'struct'; fields: readonly SchemaNode[] }
  /** Of texts. */
  | { name: string; kind: 'list' }
  /** Of texts to texts. */
  | { name: string; kind: 'map' }

/** A file in memory. */
export interface ParquetBytes {
  /** One behind the other. */
  parts: readonly Buffer[]
  /** Bytes of all of them. */
  size: number
  rows: number
  /** By the paths of the columns, with dots. */
  columns: ReadonlyMap<string, Bounds & { nulls: number }>
}

const MAGIC = Buffer.from('PAR1')
/** A part is about as long (bytes): a larger block of memory costs the process for good (commands/shared/memory.ts). */
const PART_BYTES = 131_072
const WRITER = 'rtstream-tui'
/**
 * In the form that the format asks for (parquet.thrift, `created_by`): what parquet-java cannot parse it warns of, with a stack trace, and
 * statistics of the older kind it then ignores (PARQUET-251). The version is this writer's own, and grows when its files change.
 */
const CREATED_BY = `${WRITER} version 1.0.0`

/** Whether this writer made a file; its first files named no version. @param createdBy as the file's footer has it. */
export const isOwnFile = (createdBy: string | undefined): boolean =>
  createdBy === WRITER || createdBy?.startsWith(`${WRITER} version `) === true

/** A file while its columns come. */
export class ParquetBuilder {
  readonly #schema: readonly SchemaNode[]
  readonly #parts: Buffer[] = []
  /** Small ones, which will be a part. */
  #small: Buffer[] = [MAGIC]
  #smallBytes = MAGIC.length
  readonly #written: (readonly [string, WrittenLeaf])[] = []
  #size = MAGIC.length

  /** @param schema of the columns. */
  constructor(schema: readonly SchemaNode[]) {
    this.#schema = schema
  }

  /** The next column, in the order of the schema. */
  add(leaf: Leaf): void {
    this.#written.push([leaf.path.join('.'), writeLeaf(leaf, this.#size, (bytes) => this.#put(bytes))])
  }

  /** @param notes for the footer, by key. */
  finish(rows: number, notes: Readonly<Record<string, string>> = {}): ParquetBytes {
    const footer = footerOf(
      this.#schema,
      this.#written.map(([, one]) => one),
      rows,
      notes,
    )
    this.#put(footer)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(footer.length)
    this.#put(length)
    this.#put(MAGIC)
    this.#gather()
    return { parts: this.#parts, size: this.#size, rows, columns: new Map(this.#written) }
  }

  #put(bytes: Buffer): void {
    this.#small.push(bytes)
    this.#smallBytes += bytes.length
    this.#size += bytes.length
    if (this.#smallBytes >= PART_BYTES) this.#gather()
  }

  #gather(): void {
    this.#parts.push(
      this.#small.length === 1 ? (this.#small[0] as Buffer) : Buffer.concat(this.#small, this.#smallBytes),
    )
    this.#small = []
    this.#smallBytes = 0
  }
}

/**
 * @param leaves the columns, in the order of the schema.
 * @param notes for the footer, by key.
 */
export function parquetFile(
  schema: readonly SchemaNode[],
  leaves: Iterable<Leaf>,
  rows: number,
  notes: Readonly<Record<string, string>> = {},
): ParquetBytes {
  const builder = new ParquetBuilder(schema)
  for (const leaf of leaves) builder.add(leaf)
  return builder.finish(rows, notes)
}

function footerOf(
  schema: readonly SchemaNode[],
  written: readonly WrittenLeaf[],
  rows: number,
  notes: Readonly<Record<string, string>>,
): Buffer {
  const bytes = written.reduce((sum, one) => sum + one.bare, 0)
  const group: ThriftStruct = [
    [1, { list: written.map(({ chunk }) => ({ struct: chunk })) }],
    [2, { i64: bytes }],
    [3, { i64: rows }],
  ]
  const elements: ThriftStruct[] = [
    [
      [4, { text: 'schema' }],
      [5, { i32: schema.length }],
    ],
    ...schema.flatMap(elementsOf),
  ]
  const pairs = Object.entries(notes).map(
    ([key, value]): ThriftValue => ({
      struct: [
        [1, { text: key }],
        [2, { text: value }],
      ],
    }),
  )
  // By the order that each type defines: without it readers do not trust the bounds.
  const order: ThriftValue = { struct: [[1, { struct: [] }]] }
  return encodeThrift([
    [1, { i32: 1 }],
    [2, { list: elements.map((struct) => ({ struct })) }],
    [3, { i64: rows }],
    [4, { list: rows === 0 ? [] : [{ struct: group }] }],
    ...(pairs.length > 0 ? ([[5, { list: pairs }]] as const) : []),
    [6, { text: CREATED_BY }],
    [7, { list: written.map(() => order) }],
  ])
}

const REPETITION = { required: 0, optional: 1, repeated: 2 } as const

/** The older name of what a type means, which all readers know, and the newer one. */
const MEANING: Record<
  ColumnKind,
  { physical: Leaf['physical']; converted?: number; logical?: ThriftStruct }
> = {
  string: { physical: 'bytes', converted: 0, logical: [[1, { struct: [] }]] },
  integer: { physical: 'int32', converted: 17 },
  long: { physical: 'int64', converted: 18 },
  double: { physical: 'double' },
  boolean: { physical: 'boolean' },
  date: { physical: 'int32', converted: 6, logical: [[6, { struct: [] }]] },
  timestamp: {
    physical: 'int64',
    converted: 10,
    logical: [
      [
        8,
        {
          struct: [
            [1, { bool: true }],
            [2, { struct: [[2, { struct: [] }]] }],
          ],
        },
      ],
    ],
  },
}
const LIST = 3
const MAP = 1

/** How a kind is stored. */
export const physicalOf = (kind: ColumnKind): Leaf['physical'] => MEANING[kind].physical

function elementsOf(node: SchemaNode): ThriftStruct[] {
  const { name } = node
  if (node.kind === 'struct')
    return [group(name, 'optional', node.fields.length), ...node.fields.flatMap(elementsOf)]
  if (node.kind === 'list')
    return [
      group(name, 'optional', 1, LIST),
      group('list', 'repeated', 1),
      element('element', 'string', 'optional'),
    ]
  if (node.kind === 'map')
    return [
      group(name, 'optional', 1, MAP),
      group('key_value', 'repeated', 2),
      element('key', 'string', 'required'),
      element('value', 'string', 'optional'),
    ]
  return [element(name, node.kind, 'optional')]
}

const group = (
  name: string,
  repetition: keyof typeof REPETITION,
  children: number,
  converted?: number,
): ThriftStruct => [
  [3, { i32: REPETITION[repetition] }],
  [4, { text: name }],
  [5, { i32: children }],
  ...(converted === undefined
    ? []
    : ([
        [6, { i32: converted }],
        [10, { struct: [[converted === LIST ? 3 : 2, { struct: [] }]] }],
      ] as const)),
]

function element(name: string, kind: ColumnKind, repetition: keyof typeof REPETITION): ThriftStruct {
  const { physical, converted, logical } = MEANING[kind]
  return [
    [1, { i32: PHYSICAL[physical] }],
    [3, { i32: REPETITION[repetition] }],
    [4, { text: name }],
    ...(converted === undefined ? [] : ([[6, { i32: converted }]] as const)),
    ...(logical === undefined ? [] : ([[10, { struct: logical }]] as const)),
  ]
}
