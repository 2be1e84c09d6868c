/** The tables of docs/benchmarks.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import type { Figure } from './figure.ts'
import { median, type Ratio, ratioOf } from './statistics.ts'

const number = (value: number): string => {
  if (!Number.isFinite(value)) return 'unknown'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: digits })
}

/** For the terminal. */
export const figureText = ({ what, value, unit, wanted }: Figure): string =>
  `${what}: ${number(value)} ${unit}${wanted ? `   (wanted: ${wanted})` : ''}`

/** One subject. */
export function absoluteTable(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ what, value, unit, wanted }) => `| ${what} | ${number(value)} ${unit} | ${wanted ?? '–'} |`,
  )
  return ['| what | measured | wanted |', '|---|---|---|', ...rows].join('\n')
}

/** One figure of both subjects, measured in turns. */
export interface PairedFigure extends Omit<Figure, 'value'> {
  pairs: (readonly [before: number, now: number])[]
}

/** Takes the figures of one round into what earlier rounds have told. */
export function addRound(
  all: Map<string, PairedFigure>,
  part: string,
  before: readonly Figure[],
  now: readonly Figure[],
): void {
  let heading = ''
  for (const figure of now) {
    // `the same, …` is of the figure before it.
    heading = figure.what.startsWith('the same') ? heading : figure.what
    const key = `${part}/${heading}/${figure.what}`
    const old = before.find(({ what }, index) => what === figure.what && index === now.indexOf(figure))
    const { value, ...rest } = figure
    const paired = all.get(key) ?? { ...rest, pairs: [] }
    paired.pairs.push([old?.value ?? Number.NaN, value])
    all.set(key, paired)
  }
}

/** The median, with the least and the greatest of the pairs. */
export const ratioText = (ratio: Ratio | undefined): string =>
  ratio
    ? `${ratio.median.toFixed(2)} × (${ratio.least.toFixed(2)} … ${ratio.greatest.toFixed(2)}, ${ratio.pairs})`
    : 'unknown'

/** Two subjects, side by side; pairs with a missing value do not count. */
export function pairedTable(figures: Iterable<PairedFigure>, before: string, now: string): string {
  const known = (values: readonly number[]) => median(values.filter(Number.isFinite))
  const rows = [...figures].map(({ what, unit, pairs, isRate }) => {
    const [old, current] = [pairs.map(([one]) => one), pairs.map(([, one]) => one)]
    const ratio = ratioText(ratioOf(pairs))
    return `| ${what}${isRate ? ' ↑' : ''} | ${number(known(old))} ${unit} | ${number(known(current))} ${unit} | ${ratio} |`
  })
  return [
    `| what (↑: more is better) | ${before} | ${now} | ratio (least … greatest, pairs) |`,
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

/** Of the machine, over 1, 5 and 15 minutes: by it a reader can judge the figures. */
export const loadText = () =>
  `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`

const NEW_SECTIONS = '<!-- bench: new sections go here -->'

/** The page with a text between the two marks of a section; a new section stands at the mark for them, or at the end. */
export function withSection(page: string, section: string, text: string): string {
  const [begin, end] = [`<!-- bench:${section} -->`, `<!-- /bench:${section} -->`]
  const whole = `${begin}\n${text}\n${end}`
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from >= 0 && to >= 0) return page.slice(0, from) + whole + page.slice(to + end.length)
  const place = page.indexOf(NEW_SECTIONS)
  if (place < 0) return `${page.trimEnd()}\n\n${whole}\n`
  return `${page.slice(0, place)}${whole}\n\n${page.slice(place)}`
}

/** Between the marks of the section; the rest of the document stays as it is. */
export function writeSection(file: string, section: string, text: string): void {
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), section, text))
}
