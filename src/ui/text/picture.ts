/** A screen as SVG: each run of cells at its column, as wide as its columns, whatever font the viewer has. Pure. */
import { BLOCKS } from './glyphs.ts'
import textWidth from './text-width.ts'

const CELL = { width: 8.4, height: 17, size: 14 }
const MARGIN = 14
const UPPER_HALF = '▀'
const EIGHTHS: readonly string[] = BLOCKS

/** Neighbouring cells of the same look. */
export interface PictureRun {
  /** Where it begins, and how many cells it takes. */
  column: number
  columns: number
  text: string
  /** Colours as `#rrggbb`. */
  ink: string
  paper?: string | undefined
  bold?: boolean | undefined
  dim?: boolean | undefined
}

/** In cells, with its colour in CSS. */
export interface PictureSize {
  columns: number
  rows: number
  title: string
  background: string
}

/** @param rows from the top; what lies beyond the size is not cut. */
export function pictureOf(
  rows: readonly (readonly PictureRun[])[],
  { columns, rows: count, title, background }: PictureSize,
): string {
  const width = (columns * CELL.width + 2 * MARGIN).toFixed(1)
  const height = count * CELL.height + 2 * MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${background}"/>`,
    `<g font-family="'DejaVu Sans Mono', 'SF Mono', Menlo, Consolas, monospace" font-size="${CELL.size}">`,
    ...rows.map((runs, row) => runs.map((run) => drawRun(run, MARGIN + row * CELL.height)).join('')),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function drawRun(run: PictureRun, top: number): string {
  const box = run.paper === undefined ? '' : rect(run.column, run.columns, top, CELL.height, run.paper)
  const look = (run.bold ? ' font-weight="bold"' : '') + (run.dim ? ' opacity="0.6"' : '')
  const baseline = (top + CELL.height * 0.76).toFixed(1)
  const texts = words(run).map(({ column, columns, text }) =>
    isBlocks(text)
      ? blocks(column, text, top, run.ink)
      : `<text x="${left(column)}" y="${baseline}" textLength="${wide(columns)}" lengthAdjust="spacingAndGlyphs" fill="${run.ink}"${look}>${escapeXml(text)}</text>`,
  )
  return box + texts.join('')
}

/** SVG drops blanks at the ends and all but one between: what is left would be stretched over the whole length. */
function words({ column, text }: PictureRun): Pick<PictureRun, 'column' | 'columns' | 'text'>[] {
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    column: column + textWidth(text.slice(0, match.index)),
    columns: textWidth(match[0]),
    text: match[0],
  }))
}

const left = (column: number) => (MARGIN + column * CELL.width).toFixed(1)
const wide = (columns: number) => (columns * CELL.width).toFixed(1)

/** Drawn, not written: no font fills its cell to the edge, and an area would be torn into stripes. */
const isBlocks = (text: string) => [...text].every((one) => one === UPPER_HALF || EIGHTHS.includes(one))

function blocks(column: number, text: string, top: number, color: string): string {
  return [...text.matchAll(/(.)\1*/g)]
    .map(({ 0: same, 1: block = '', index }) => {
      if (block === UPPER_HALF) return rect(column + index, same.length, top, CELL.height / 2, color)
      const height = (CELL.height * (EIGHTHS.indexOf(block) + 1)) / EIGHTHS.length
      return rect(column + index, same.length, top + CELL.height - height, height, color)
    })
    .join('')
}

const rect = (column: number, columns: number, top: number, height: number, color: string) =>
  `<rect x="${left(column)}" y="${+top.toFixed(1)}" width="${wide(columns)}" height="${+height.toFixed(1)}" fill="${color}"/>`

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
