/** `rtstream-tui sql` and `rtstream-tui export`: the layers as tables. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UnwritableFileError } from '../local/storage/naming-file.ts'
import {
  DEFAULT_LIMITS,
  type ExportFormat,
  FETCHED_UNASKED_BYTES,
  type LakeQuery,
  PREPARED_QUERIES,
  QUERY_TABLES,
  type QueryResult,
  type QueryTable,
  tablesIn,
} from '../pipeline/ports/query.ts'
import { countOf } from '../pipeline/state/count-of.ts'
import { tableLines } from '../ui/panels/table-lines.ts'
import textWidth from '../ui/text/text-width.ts'
import { describeError, UserError } from './shared/user-error.ts'

/** `query` undefined: this target cannot be asked. */
export interface SqlOptions {
  query: LakeQuery | undefined
  target: 'local' | 'azure'
  sql: string | undefined
  format: 'table' | 'json' | 'csv'
  maxRows: number
  /** Fetch however much it is. */
  yes: boolean
  write: (text: string) => void
  writeError: (text: string) => void
  /** Resolves when standard output has room again: its reader may be slower than a query or the disk. */
  drained: (signal: AbortSignal) => Promise<void>
  signal: AbortSignal
}

const known = (query: LakeQuery | undefined): LakeQuery => {
  if (!query) throw new UserError('This target cannot be asked in SQL.')
  return query
}

/** @returns 0; what is wrong with the SQL is thrown as a {@link UserError}. */
export async function runSql(options: SqlOptions): Promise<number> {
  const { sql, format, maxRows, write, writeError, signal } = options
  if (sql === undefined) {
    for (const { name, sql: prepared } of PREPARED_QUERIES) write(`-- ${name}\n${prepared};\n`)
    write(`-- views: ${QUERY_TABLES.join(', ')}\n`)
    return 0
  }
  const query = known(options.query)
  await askBeforeMuch(options, tablesIn(sql), query)
  let result: QueryResult
  try {
    result = await query.run(sql, { ...DEFAULT_LIMITS, rows: maxRows }, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw new UserError(
      `The query failed: ${(error as Error).message.split('\n')[0]}`,
      `The views are ${QUERY_TABLES.join(', ')}; rtstream-tui sql shows examples.`,
      { cause: error },
    )
  }
  await writeAll(linesOf(result, format), options)
  if (result.isCut) writeError(`Only the first ${countOf(maxRows, 'row')}; --max-rows asks for more.\n`)
  return 0
}

/** A whole table to one file; standard output takes CSV only. */
export interface ExportOptions extends Omit<SqlOptions, 'sql' | 'format' | 'maxRows'> {
  table: string
  format: ExportFormat
  /** `-` is standard output. */
  out: string | undefined
}

const STDOUT = '-'
/** Characters that are written at once: a row each would be a call of the system each. */
const PIECE = 65_536

/** Before anything is asked. @throws UserError for a table that there is none of, or a form that standard output does not take. */
export function tableToExport({
  table,
  format,
  out,
}: Pick<ExportOptions, 'table' | 'format' | 'out'>): QueryTable {
  const name = QUERY_TABLES.find((one) => one === table)
  if (!name)
    throw new UserError(`There is no table ${table}.`, `One of: ${QUERY_TABLES.join(', ')}.`, { exitCode: 2 })
  if (out === STDOUT && format !== 'csv')
    throw new UserError('Only CSV goes to standard output.', `Name a file: --out ${name}.${format}.`, {
      exitCode: 2,
    })
  return name
}

/** @returns 0. @throws UserError, UnwritableFileError */
export async function runExport(options: ExportOptions): Promise<number> {
  const { format, out, write, writeError, signal } = options
  const name = tableToExport(options)
  const query = known(options.query)
  await askBeforeMuch(options, [name], query)
  if (out === STDOUT) {
    const rows = await exportToOutput(query, name, options)
    writeError(`${countOf(rows, 'row')} of ${name}\n`)
    return 0
  }
  const file = resolve(out ?? `${name}.${format}`)
  const rows = await exportTo(file, () => query.export(name, format, file, signal))
  write(`${countOf(rows, 'row')} of ${name} in ${file}\n`)
  return 0
}

/** For the screen, where nobody can say --yes. @returns what came of it, in one or two lines; never rejects. */
export async function exportForScreen(
  options: Pick<ExportOptions, 'query' | 'target' | 'table' | 'format' | 'signal'>,
): Promise<string> {
  if (!options.query) return 'The layers cannot be exported yet: not connected.'
  let said = ''
  const write = (text: string) => {
    said += text
  }
  try {
    await runExport({
      ...options,
      out: undefined,
      yes: false,
      write,
      writeError: () => {},
      drained: async () => {},
    })
    return said.trimEnd()
  } catch (error) {
    return describeError(error)
  }
}

/** @throws UnwritableFileError in place of what the system says of that file; of a full disk it says no name. */
async function exportTo(file: string, write: () => Promise<number>): Promise<number> {
  try {
    return await write()
  } catch (error) {
    const { path, syscall } = error as NodeJS.ErrnoException
    if (path === file || syscall === 'write') throw new UnwritableFileError(file, error)
    throw error
  }
}

async function exportToOutput(
  query: LakeQuery,
  table: QueryTable,
  output: Pick<SqlOptions, 'write' | 'drained' | 'signal'>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-export-'))
  try {
    const file = join(folder, `${table}.csv`)
    const rows = await query.export(table, 'csv', file, output.signal)
    await writeAll(createReadStream(file, 'utf8'), output)
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As fast as it is read: more than a bound in front of a slow reader counts as one who reads nothing. */
async function writeAll(
  texts: AsyncIterable<string> | Iterable<string>,
  { write, drained, signal }: Pick<SqlOptions, 'write' | 'drained' | 'signal'>,
): Promise<void> {
  let piece = ''
  for await (const text of texts) {
    piece += text
    if (piece.length < PIECE) continue
    write(piece)
    piece = ''
    await drained(signal)
    signal.throwIfAborted()
  }
  write(piece)
}

/** On Azure, it is said how much is fetched, and asked first beyond a hundred megabytes. */
async function askBeforeMuch(
  { target, yes, writeError, signal }: Pick<SqlOptions, 'target' | 'yes' | 'writeError' | 'signal'>,
  tables: readonly QueryTable[],
  query: LakeQuery,
): Promise<void> {
  if (target === 'local') return
  const { files, bytes } = await query.size(tables, signal)
  const much = `${countOf(files, 'file')}, ${(bytes / 1e6).toFixed(1)} MB`
  if (bytes > FETCHED_UNASKED_BYTES && !yes)
    throw new UserError(
      `This would fetch ${much} from Azure.`,
      'Say --yes to fetch them, or ask a smaller table.',
    )
  writeError(`Fetching ${much} from Azure.\n`)
}

/** Columns of a cell in a table, but for those of the last column. */
const MOST_OF_A_CELL = 60

function linesOf(result: QueryResult, format: SqlOptions['format']): string[] {
  const { columns, rows } = result
  if (format === 'json')
    return rows.map(
      (row) => `${JSON.stringify(Object.fromEntries(columns.map((name, index) => [name, row[index]])))}\n`,
    )
  if (format === 'csv') return [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\n`)
  const { lines, starts, foot } = tableLines(result, MOST_OF_A_CELL)
  const [head = '', ...body] = lines.slice(0, lines.length - foot)
  const ends = [...starts.slice(1).map((start) => start - 2), textWidth(head)]
  const rule = starts.map((start, index) => '-'.repeat((ends[index] as number) - start)).join('  ')
  return [head, rule, ...body].map((line) => `${line.trimEnd()}\n`)
}

function csvCell(value: unknown): string {
  const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
