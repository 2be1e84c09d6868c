/** The room for phones: its code to scan, its address, and who is there. */
import type { AppState } from '../../pipeline/state/state.ts'
import { type Line, printable, span, wrap } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

const SHUT = [
  'No room is open.',
  '',
  'Phones in the room become weather stations: start with --audience-host ADDRESS, an address of this machine that they reach.',
]

/** Columns between the code and what stands beside it, and the least that has room there. */
const GAP = 3
const LEAST_BESIDE = 34

export function audienceLines({ audience }: AppState, width: number): Line[] {
  if (!audience)
    return SHUT.flatMap((text) => (text === '' ? [[]] : wrap(text, width).map((part): Line => [span(part)])))
  const { url, qr } = audience
  if (url === undefined) return [[span('Opening …', 'muted')]]
  const codeWidth = Math.max(0, ...qr.map((row) => textWidth(row)))
  const beside = width - codeWidth - GAP
  if (beside < LEAST_BESIDE)
    return [...qr.map((row): Line => [span(row)]), [], ...factLines(audience, url, width)]
  const facts = factLines(audience, url, beside)
  return Array.from({ length: Math.max(qr.length, facts.length) }, (_, row): Line => {
    const code = qr[row] ?? ''
    return [span(code), span(' '.repeat(codeWidth - textWidth(code) + GAP)), ...(facts[row] ?? [])]
  })
}

function factLines(
  { phones, connected, acknowledged, names }: NonNullable<AppState['audience']>,
  url: string,
  width: number,
): Line[] {
  const muted = (text: string) => wrap(text, width).map((part): Line => [span(part, 'muted')])
  return [
    [span('scan, or type', 'muted')],
    ...wrap(url, width).map((part): Line => [span(part, 'accent')]),
    [],
    [span(`${connected} of ${phones} phones are here`)],
    ...muted(`${acknowledged.toLocaleString('en-US')} readings acknowledged`),
    [],
    [span('A closes the room', 'muted')],
    [],
    ...muted(names.map(printable).join(' · ')),
  ]
}
