/** A report as one HTML file without external references: light and dark, printable, readable on a phone. */
import { describeTrace, positionText } from '../pipeline/trace/describe.ts'
import type { Chart } from './charts.ts'
import type { ReportModel } from './model.ts'
import {
  assertionRows,
  audienceRows,
  count,
  gradeOf,
  ledgerRows,
  moment,
  span,
  time,
  verdictText,
} from './words.ts'

const CSS = `
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --muted: #57606a; --line: #d0d7de; --card: #f6f8fa; --good: #1a7f37;
  --bad: #b3261e; --fault: #d1242f; --c1: #0969da; --c2: #bf5600; --c3: #1a7f37; --c4: #8250df; --c5: #b3267a; }
@media (prefers-color-scheme: dark) { :root { --bg: #0d1117; --fg: #e6edf3; --muted: #9aa4af; --line: #3d444d; --card: #161b22; --good: #56d364;
  --bad: #ff7b72; --fault: #ff7b72; --c1: #58a6ff; --c2: #f0883e; --c3: #56d364; --c4: #bc8cff; --c5: #f778ba; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--bg); color: var(--fg);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; } h3 { margin: 1.2rem 0 .4rem; font-size: 1rem; }
p { margin: .3rem 0; } .muted { color: var(--muted); }
.verdict { margin: 1rem 0; padding: .8rem 1rem; border-left: .4rem solid var(--good); background: var(--card); font-size: 1.15rem; }
.verdict.bad { border-color: var(--bad); } .verdict.open { border-color: var(--muted); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th.n { text-align: right; } td { white-space: pre-line; } th, td { overflow-wrap: break-word; } td:last-child { overflow-wrap: anywhere; }
.rows td, .rows th { white-space: nowrap; padding-right: 1rem; } .rows td { font: .8rem/1.4 ui-monospace, monospace; max-width: 26rem; overflow: hidden; text-overflow: ellipsis; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; } svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .85rem; } .legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; border-radius: 2px; }
code { font: .85rem/1.4 ui-monospace, monospace; } .good { color: var(--good); } .bad { color: var(--bad); }
@media (max-width: 36rem) { figure svg { width: 36rem; max-width: none !important; } [aria-labelledby='assertions'] td:last-child { min-width: 7rem; }
  :is([aria-labelledby='traces'], [aria-labelledby='faults']) { tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid var(--line); } th, td { border: 0; } td:last-child { flex: 0 0 100%; } } }
@media print { :root { --bg: #fff; --fg: #000; --muted: #444; --line: #ccc; --card: #fff; --good: #1a7f37; --bad: #b3261e; --fault: #d1242f; --c1: #0969da;
  --c2: #bf5600; --c3: #1a7f37; --c4: #8250df; --c5: #b3267a; } figure, tr { break-inside: avoid; } h2, h3, figcaption { break-after: avoid; }
  .scroll { overflow: visible; } .rows td, .rows th { white-space: normal; overflow-wrap: anywhere; padding-right: .4rem; max-width: none; } }
`

/** Everything from the session is escaped; no script is in it. */
export function htmlReport(model: ReportModel, charts: readonly Chart[]): string {
  const title = `rtstream-tui: report of ${moment(model.startedAt)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${CSS}</style>
</head>
<body>
<header>
<h1>${model.source === 'folder' ? 'Report of a data folder' : 'Report of a session'}</h1>
<p class="muted">${escaped(moment(model.startedAt))}, ${escaped(span(model))}, target ${model.target}, engine ${escaped(model.engine)}, rtstream-tui ${escaped(model.program)}</p>
</header>
<main>
<p class="${verdictClass(model)}">${escaped(verdictText(model))}${model.explanation === undefined ? '' : ` ${escaped(model.explanation)}.`}</p>
${section('ledger', 'The ledger, hop by hop', table(['hop', 'rows', ''], ledgerRows(model), [1]))}
${section('assertions', 'Five assertions', assertions(model))}
${section('charts', 'The session over time', charts.length === 0 ? '<p class="muted">The session was too short for charts.</p>' : charts.map(figure).join('\n'))}
${listed('audience', 'The room for phones', ['what', ''], audienceRows(model), [1])}
${listed(
  'faults',
  'Broken on purpose',
  ['what', 'from', 'to', 'what happened'],
  model.faults.map(({ title: name, from, to, happens }) => [
    name,
    time(from),
    to === undefined ? 'the end' : time(to),
    happens,
  ]),
)}
${model.traces.length === 0 ? '' : section('traces', 'Events that were followed', model.traces.map(traceTable).join('\n'))}
${listed(
  'marks',
  'What was done',
  ['time', 'what'],
  model.marks.map(({ at, text }) => [time(at), text]),
)}
${section(
  'layers',
  'The layers at the end',
  table(
    ['layer', 'rows', 'files', 'bytes'],
    model.layers.map(({ name, rows, files, bytes }) => [name, count(rows), count(files), count(bytes)]),
    [1, 2, 3],
  ),
)}
${listed(
  'cities',
  'The aggregate, city by city',
  ['city', 'mean °C', 'mean %', 'readings'],
  model.cities.map(({ city, temperature, humidity, readings }) => [
    city,
    count(temperature),
    count(humidity),
    count(readings),
  ]),
  [1, 2, 3],
)}
${model.tables.length === 0 ? '' : section('tables', 'Newest rows', model.tables.map(({ name, columns, rows }) => `<div class="rows"><h3>${escaped(name)}</h3>${table(columns, rows)}</div>`).join('\n'))}
${section('settings', 'Versions and settings', table(['setting', 'value'], model.settings))}
</main>
</body>
</html>
`
}

const verdictClass = (model: ReportModel) => {
  const grade = gradeOf(model)
  return grade === 'good' ? 'verdict' : `verdict ${grade}`
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const section = (id: string, title: string, content: string) =>
  `<section aria-labelledby="${id}"><h2 id="${id}">${escaped(title)}</h2>\n${content}\n</section>`

const listed = (
  id: string,
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
) => (rows.length === 0 ? '' : section(id, title, table(head, rows, numbers)))

/** @param numbers columns that are right-aligned. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  const n = (column: number) => (numbers.includes(column) ? ' class="n"' : '')
  const heads = head.map((name, column) =>
    name === '' ? '<td></td>' : `<th scope="col"${n(column)}>${escaped(name)}</th>`,
  )
  const body = rows.map(
    (row) => `<tr>${row.map((cell, column) => `<td${n(column)}>${escaped(cell)}</td>`).join('')}</tr>`,
  )
  return `<div class="scroll" tabindex="0"><table><thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
}

function assertions(model: ReportModel): string {
  const words = { '✓': 'holds', '✗': 'does not hold', '–': 'not known' }
  const colour = { '✓': 'good', '✗': 'bad', '–': 'muted' }
  const rows = assertionRows(model).map(
    ([mark, name, value, limit]) =>
      `<tr><td><span class="${colour[mark]}">${mark} ${words[mark]}</span></td><td>${escaped(name)}</td><td class="n">${escaped(value)}</td><td>${escaped(limit)}</td></tr>`,
  )
  return `<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">verdict</th><th scope="col">assertion</th><th scope="col" class="n">measured</th><th scope="col">limit</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}

const figure = ({ title, description, svg }: Chart) =>
  `<figure><figcaption>${escaped(title)}</figcaption><div class="scroll" tabindex="0">${svg}</div><p class="muted">${escaped(description)}</p></figure>`

function traceTable(trace: ReportModel['traces'][number]): string {
  const rows = describeTrace(trace).map(({ title, at, summary, details }) => [
    title,
    at === undefined ? '' : new Date(at).toISOString().slice(11, 23),
    [summary, ...details.map(([name, value]) => `${name}: ${value}`)].join('\n'),
  ])
  return `<h3>Event ${escaped(trace.eventId ?? '')} at ${escaped(positionText(trace.position))}</h3>${table(['step', 'time', 'what'], rows)}`
}
