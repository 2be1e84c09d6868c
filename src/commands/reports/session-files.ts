/** What a session leaves behind on request: a recording while it runs, a report when it has ended. */
import { writeFileSync } from 'node:fs'
import type { LakeQuery } from '../../pipeline/ports/query.ts'
import { systemClock } from '../../pipeline/runtime/clock.ts'
import type { ReadonlyStore } from '../../pipeline/session/session-types.ts'
import type { Recorder } from '../../recording/recorder.ts'
import type { ReportCollector } from '../../report/model.ts'

export interface SessionFilesOptions {
  store: ReadonlyStore
  /** Undefined: no recording. */
  record: string | undefined
  /** Undefined: no report. Its name's end says the form: .html, .md, .json. */
  report: string | undefined
  /** Asks the tables at the end; undefined: they cannot be asked. */
  query?: () => LakeQuery | undefined
  onProblem: (message: string) => void
}

/** A file that cannot be written ends neither the session nor the other file. */
export interface SessionFiles {
  /** Writes what is left. @returns lines for a person: what lies where. */
  close(): Promise<string[]>
}

/** Nothing is loaded as long as nothing is asked for. */
export async function openSessionFiles(options: SessionFilesOptions): Promise<SessionFiles> {
  const { store, record: recordFile, report: reportFile, onProblem } = options
  let recorder: Recorder | undefined
  let collector: ReportCollector | undefined
  let unsubscribe = () => {}
  if (recordFile !== undefined) {
    const { record } = await import('../../recording/recorder.ts')
    recorder = record({ store, file: recordFile, clock: systemClock, onProblem })
  }
  if (reportFile !== undefined) {
    const { ReportCollector: Collector } = await import('../../report/model.ts')
    const collecting = new Collector()
    collecting.add(store.getState())
    unsubscribe = store.subscribe((state) => collecting.add(state))
    collector = collecting
  }
  return {
    close: async () => {
      unsubscribe()
      const lines: string[] = []
      await recorder?.close()
      if (recordFile !== undefined)
        lines.push(`The recording is ${recordFile} (rtstream-tui replay ${recordFile})`)
      if (collector && reportFile !== undefined) {
        collector.add(store.getState())
        try {
          const [{ formatOf, reportText, VERSIONS }, { askTables }] = await Promise.all([
            import('../../report/report.ts'),
            import('../../report/tables.ts'),
          ])
          const query = options.query?.()
          const model = collector.report(query && (await askTables(query)), VERSIONS)
          writeFileSync(reportFile, await reportText(model, formatOf(reportFile)))
          lines.push(`The report is ${reportFile}`)
        } catch (error) {
          onProblem(`The report ${reportFile} could not be written: ${(error as Error).message}`)
        }
      }
      return lines
    },
  }
}
