/** What a session leaves behind on request: a recording while it runs, a report when it has ended. */
import { closeSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { namingFile, UnwritableFileError } from '../../local/storage/naming-file.ts'
import type { LakeQuery } from '../../pipeline/ports/query.ts'
import { systemClock } from '../../pipeline/runtime/clock.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { Recorder } from '../../recording/recorder.ts'
import type { ReportCollector } from '../../report/model.ts'
import { describeError, UserError } from '../shared/user-error.ts'
import { requireFormat } from './report-file.ts'

/** What is written beside a session, and from what. */
export interface SessionFilesOptions {
  store: ReadonlyStore
  /** Undefined: no recording. */
  record: string | undefined
  /** Undefined: no report. Its name's end says the form: .html, .md, .json. */
  report: string | undefined
  /** Asks the tables at the end; undefined: they cannot be asked. */
  query?: () => LakeQuery | undefined
  /** At once: a recording may fail long before the session ends. */
  onProblem: (message: string) => void
}

/** A file that cannot be written any more ends neither the session nor the other file. */
export interface SessionFiles {
  /** Starts the recording, which empties its file: not before the data folder is ours, as who has it may be writing there. */
  begin(): Promise<void>
  /** Writes what is left; without {@link begin} nothing. Safe to call twice. @returns lines for a person: what lies where. */
  close(): Promise<readonly string[]>
  /** A file that was asked for could not be written: `onProblem` has said why. */
  readonly hasFailed: boolean
}

/**
 * What can be known before a session is not told at its end. Files stay as they are.
 * @throws UnwritableFileError
 */
export function requireWritable(...files: readonly (string | undefined)[]): void {
  for (const file of files) {
    if (file === undefined) continue
    const there = statSync(file, { throwIfNoEntry: false })
    // Whoever reads a pipe would take this for its end.
    if (there && !there.isFile() && !there.isDirectory()) continue
    namingFile(file, () => closeSync(openSync(file, 'a')))
    if (!there) rmSync(file)
  }
}

/** What a session is asked to write. */
export interface AskedFiles {
  record: string | undefined
  report: string | undefined
  /** The recording takes the place of a file that is there. */
  overwrite: boolean
}

/**
 * A report can be made again; a recording cannot, so one that is there is not emptied unless that was asked for.
 * @throws UserError, UnwritableFileError
 */
export function requireSessionFiles({ record, report, overwrite }: AskedFiles): void {
  if (report !== undefined) requireFormat(report)
  if (record !== undefined && report !== undefined && resolve(record) === resolve(report))
    throw new UserError(
      `${record} cannot be both the recording and the report.`,
      'Give them different names.',
      { exitCode: 2 },
    )
  if (record !== undefined && !overwrite) requireUnused(record)
  requireWritable(record, report)
}

function requireUnused(file: string): void {
  const there = statSync(file, { throwIfNoEntry: false })
  if (!there?.isFile() || there.size === 0) return
  const written = `${there.mtime.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  throw new UserError(
    `${file} is there already, written at ${written}: a recording would take its place.`,
    'Name another file, or add --overwrite.',
    { exitCode: 2 },
  )
}

/** Nothing is loaded as long as nothing is asked for. */
export async function openSessionFiles(options: SessionFilesOptions): Promise<SessionFiles> {
  const { store, record: recordFile, report: reportFile, onProblem } = options
  let recorder: Recorder | undefined
  let collector: ReportCollector | undefined
  let unsubscribe = () => {}
  let isBegun = false
  let hasFailed = false
  let closed: Promise<readonly string[]> | undefined
  if (reportFile !== undefined) {
    const { ReportCollector: Collector } = await import('../../report/model.ts')
    const collecting = new Collector()
    collecting.add(store.getState())
    unsubscribe = store.subscribe((state) => collecting.add(state))
    collector = collecting
  }
  const writeReport = async (collected: ReportCollector, file: string): Promise<string[]> => {
    collected.add(store.getState())
    try {
      const [{ reportText, VERSIONS }, { askTables }] = await Promise.all([
        import('../../report/report.ts'),
        import('../../report/tables.ts'),
      ])
      const query = options.query?.()
      const model = collected.report(query && (await askTables(query)), VERSIONS)
      const text = await reportText(model, requireFormat(file))
      namingFile(file, () => writeFileSync(file, text))
      return [`The report is ${file}`]
    } catch (error) {
      hasFailed = true
      onProblem(`There is no report: ${describeError(error)}`)
      return []
    }
  }
  const close = async (): Promise<readonly string[]> => {
    unsubscribe()
    const lines: string[] = []
    await recorder?.close()
    if (recorder && !recorder.hasFailed)
      lines.push(`The recording is ${recordFile} (rtstream-tui replay ${recordFile})`)
    hasFailed ||= recorder?.hasFailed ?? false
    if (collector && reportFile !== undefined && isBegun)
      lines.push(...(await writeReport(collector, reportFile)))
    return lines
  }
  return {
    get hasFailed() {
      return hasFailed
    },
    begin: async () => {
      isBegun = true
      if (recordFile === undefined) return
      const { record } = await import('../../recording/recorder.ts')
      recorder = record({
        store,
        file: recordFile,
        clock: systemClock,
        onProblem: (message, cause) =>
          onProblem(
            cause ? `The recording ${describeError(new UnwritableFileError(recordFile, cause))}` : message,
          ),
      })
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
