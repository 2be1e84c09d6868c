/** What was written to the lake last: commits of its Delta tables, and files of bronze, one a line, each with what is behind it. */
import type { BronzeFile, TableCommit } from '../../pipeline/ports/lake.ts'
import { type AppState, LAYERS, type LayerName } from '../../pipeline/state/state.ts'
import type { Detail } from '../input/view-state.ts'
import { type Column, fitColumns, tableHead, tableRow, widthOfColumn } from '../text/columns.ts'
import {
  formatAge,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatInstant,
  formatThousands,
  UNKNOWN,
} from '../text/format.ts'
import { LAYER_NAMES } from '../text/layer-names.ts'
import { cutStart, type Line, left, printable, right, span } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** A line of a list, and what opens on it. */
export interface Row {
  line: Line
  detail?: Detail | undefined
}

type Name = 'age' | 'table' | 'version' | 'operation' | 'rows' | 'files' | 'size' | 'took'

const COLUMNS: readonly Column<Name>[] = [
  { name: 'age', width: 6, align: 'right' },
  { name: 'table', width: 10, align: 'left' },
  { name: 'version', width: 7, align: 'right' },
  { name: 'operation', width: 16, align: 'left' },
  { name: 'rows', width: 7, align: 'right' },
  { name: 'files', width: 7, align: 'right', drop: 2 },
  { name: 'size', width: 8, align: 'right', drop: 3 },
  { name: 'took', width: 6, align: 'right', drop: 1 },
]

interface Placed {
  layer: LayerName
  commit: TableCommit
}

/** Of all tables, newest first. */
const commitsOf = ({ lake }: AppState): Placed[] =>
  LAYERS.flatMap((layer) => (lake.layers[layer].commits ?? []).map((commit) => ({ layer, commit }))).sort(
    (a, b) => (b.commit.at ?? 0) - (a.commit.at ?? 0) || b.commit.version - a.commit.version,
  )

/** @param most rows. Empty while no commit is known. */
export function commitRows(state: AppState, width: number, most: number): Row[] {
  const commits = commitsOf(state).slice(0, most)
  if (commits.length === 0) return []
  const columns = fitColumns(width, COLUMNS, { name: 'operation', most: 40 })
  return [
    { line: [span('Delta commits', 'title', true), span('  newest first; j and enter open one', 'muted')] },
    { line: tableHead(columns) },
    ...commits.map(({ layer, commit }) => ({
      line: tableRow(columns, {
        age: span(ageOf(commit.at, state.now), 'muted'),
        table: span(LAYER_NAMES[layer], 'series1'),
        version: formatCompact(commit.version),
        operation: printable(commit.operation) || UNKNOWN,
        rows: formatCompact(commit.rows),
        files: filesOf(commit, widthOfColumn(columns, 'files')),
        size: span(formatBytes(commit.bytes), 'muted'),
        took: span(formatDuration(commit.durationMs), 'muted'),
      }),
      detail: commitDetail(layer, commit, state.now),
    })),
  ]
}

const ageOf = (at: number | undefined, now: number) => formatAge(at === undefined ? undefined : now - at)

/** `+1`, `+1 −12`, `+1−1.2k`: numbers are written shorter, and never cut. */
function filesOf({ addedFiles, removedFiles }: TableCommit, width: number): string {
  const [added, removed] = [formatThousands(addedFiles), formatThousands(removedFiles)]
  if (removedFiles === 0) return `+${added}`
  return (
    [`+${added} −${removed}`, `+${added}−${removed}`].find((text) => textWidth(text) <= width) ??
    `−${removed}`
  )
}

function commitDetail(layer: LayerName, commit: TableCommit, now: number): Detail {
  const { version, operation, rows, addedFiles, removedFiles, bytes, at, batchId, durationMs, engine } =
    commit
  return {
    title: `commit ${version} of ${LAYER_NAMES[layer]}`,
    subject: 'lake',
    facts: [
      ['version', formatCount(version)],
      ['operation', operation || UNKNOWN],
      ['rows in its files', formatCount(rows)],
      ['files', `${formatCount(addedFiles)} added, ${formatCount(removedFiles)} removed`],
      ['size of the added files', formatBytes(bytes)],
      ['committed', at === undefined ? UNKNOWN : `${formatInstant(at)} UTC, ${formatAge(now - at)} ago`],
      ['micro-batch', batchId === undefined ? UNKNOWN : `#${formatCount(batchId)}`],
      ['it took', formatDuration(durationMs)],
      ['written by', engine || UNKNOWN],
    ],
  }
}

/** The files that the job wrote last. Empty while none is known. */
export function bronzeFileRows(state: AppState, width: number, most: number): Row[] {
  const files = (state.lake.layers.bronze.newestFiles ?? []).toReversed().slice(0, most)
  if (files.length === 0) return []
  return [
    { line: [span('newest files of bronze', 'title', true)] },
    ...files.map((file) => ({
      line: fileLine(file, state.now, width),
      detail: fileDetail(file, state.now),
    })),
  ]
}

const SIZE = 8

/** The end of the path tells one from another: what has no room is cut at its beginning. */
function fileLine({ path, bytes, at }: BronzeFile, now: number, width: number): Line {
  const room = Math.max(10, width - SIZE - 10)
  return [
    span(`${right(formatAge(now - at), 6)}  `, 'muted'),
    span(`${right(formatBytes(bytes), SIZE)}  `),
    span(left(cutStart(printable(path), room), room), 'muted'),
  ]
}

const fileDetail = ({ path, bytes, at }: BronzeFile, now: number): Detail => ({
  title: 'file of bronze',
  subject: 'lake',
  facts: [
    ['size', formatBytes(bytes)],
    ['written', `${formatInstant(at)} UTC, ${formatAge(now - at)} ago`],
  ],
  text: path,
})
