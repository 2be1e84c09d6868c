/** A report as Markdown: the same facts, the charts as text. */
import { describeTrace, positionText } from '../pipeline/trace/describe.ts'
import type { ReportModel, Sample } from './model.ts'
import { textChart } from './text-chart.ts'
import { assertionRows, audienceRows, count, ledgerRows, moment, span, time, verdictText } from './words.ts'

/** For a terminal, a mail or a repository. */
export function markdownReport(model: ReportModel): string {
  const parts = [
    `# Report of ${moment(model.startedAt)}`,
    `${verdictText(model)}${model.explanation === undefined ? '' : ` ${model.explanation}.`}`,
    `${span(model)}, target ${model.target}, engine ${model.engine}, rtstream-tui ${model.program}.`,
    '## Ledger',
    table(['hop', 'rows', ''], ledgerRows(model)),
    '## Assertions',
    table(['', 'assertion', 'measured', 'limit'], assertionRows(model)),
    ...section('The room for phones', ['what', ''], audienceRows(model)),
    ...chart('Events a second, into the hub', model.samples, ({ rate }) => rate ?? Number.NaN),
    ...chart('Rows in flight', model.samples, ({ backlog }) =>
      backlog
        ? Object.values(backlog).reduce<number>((sum, rows = Number.NaN) => sum + Math.max(0, rows), 0)
        : Number.NaN,
    ),
    ...section(
      'Broken on purpose',
      ['what', 'from', 'to'],
      model.faults.map(({ title, from, to }) => [title, time(from), to === undefined ? 'the end' : time(to)]),
    ),
    ...section(
      model.isQuarantineWhole ? 'Quarantined rows by reason' : 'Refused rows, of those that were shown',
      ['reason', 'rows'],
      model.quarantine.map(({ reason, events }) => [reason, count(events)]),
    ),
    ...section(
      'What was done',
      ['time', 'what'],
      model.marks.map(({ at, text }) => [time(at), text]),
    ),
    ...model.traces.flatMap((trace) => [
      `### Event ${trace.eventId ?? ''} at ${positionText(trace.position)}`,
      table(
        ['step', 'time', 'what'],
        describeTrace(trace).map(({ title, at, summary }) => [
          title,
          at === undefined ? '' : time(at),
          summary,
        ]),
      ),
    ]),
    '## Layers',
    table(
      ['layer', 'rows', 'files', 'bytes'],
      model.layers.map(({ name, rows, files, bytes }) => [name, count(rows), count(files), count(bytes)]),
    ),
    ...model.tables.flatMap(({ name, columns, rows }) => [`## Newest rows: ${name}`, table(columns, rows)]),
    '## Versions and settings',
    table(['setting', 'value'], model.settings),
  ]
  return `${parts.join('\n\n')}\n`
}

const section = (title: string, head: readonly string[], rows: readonly (readonly string[])[]) =>
  rows.length === 0 ? [] : [`## ${title}`, table(head, rows)]

function chart(title: string, samples: readonly Sample[], measure: (sample: Sample) => number): string[] {
  const drawn = textChart(samples.map(measure))
  return drawn === undefined ? [] : [`## ${title}`, `\`\`\`text\n${drawn}\n\`\`\``]
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

const cell = (text: string) => text.replaceAll('|', '\\|').replace(/[\r\n]+/g, ' ')
