/** Writes a report in the requested form. */
import type { Recording } from '../recording/recording.ts'
import type { ReportFormat } from './format.ts'
import { htmlReport } from './html.ts'
import { markdownReport } from './markdown.ts'
import { ReportCollector, type ReportModel } from './model.ts'

/**
 * In the bundle the charts have their own file, as their library is large; from source they are beside this
 * file.
 */
const chartsModule = () =>
  new URL(import.meta.url.endsWith('.ts') ? './charts.ts' : './charts.js', import.meta.url).href

/** The library of the charts is loaded for HTML alone. */
export async function reportText(model: ReportModel, format: ReportFormat): Promise<string> {
  if (format === 'json') return `${JSON.stringify({ type: 'report', ...model }, unknownAsNull, 2)}\n`
  if (format === 'md') return markdownReport(model)
  const { drawCharts } = (await import(chartsModule())) as typeof import('./charts.ts')
  return htmlReport(model, drawCharts(model))
}

/** What nobody has read stands there as null, as in all JSON of the program. */
const unknownAsNull = (_: string, value: unknown) => value ?? null

/** Of what the program runs on here. */
export const VERSIONS: readonly (readonly [name: string, value: string])[] = [
  ['Node', process.version],
  ['system', `${process.platform} ${process.arch}`],
]

/** Goes through the whole recording. */
export function modelOf(recording: Recording): ReportModel {
  const collector = new ReportCollector()
  for (const { state } of recording.states()) collector.add(state)
  return collector.report()
}
