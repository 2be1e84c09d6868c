/** The room for phones: its code to scan, its address, and who is there. */
import type { AppState } from '../../pipeline/state/state.ts'
import { type Line, printable, span, wrap } from '../text/line.ts'

const SHUT = [
  'No room is open.',
  '',
  'Phones in the room become weather stations: start with --audience-host ADDRESS, an address of this machine that they reach.',
]

export function audienceLines({ audience }: AppState, width: number): Line[] {
  if (!audience)
    return SHUT.flatMap((text) => (text === '' ? [[]] : wrap(text, width).map((part): Line => [span(part)])))
  const { url, qr, phones, connected, acknowledged, names } = audience
  if (url === undefined) return [[span('Opening …', 'muted')]]
  const facts: Line[] = [
    [span('scan, or type  ', 'muted'), span(url, 'accent')],
    [
      span(`${connected} of ${phones} phones are here`),
      span('   '),
      span(`${acknowledged.toLocaleString('en-US')} readings acknowledged`, 'muted'),
    ],
    [],
  ]
  const list = wrap(names.map(printable).join(' · '), width).map((part): Line => [span(part, 'muted')])
  return [
    ...qr.map((row): Line => [span(row)]),
    [],
    ...facts,
    ...list,
    [],
    [span('A closes the room', 'muted')],
  ]
}
