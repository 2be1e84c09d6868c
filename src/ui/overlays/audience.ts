/** The room for phones: its address, the code to scan, which phones are connected, and what they may do. */

import { STAGE_IDS } from '../../pipeline/ports/stages.ts'
import { countOf, nounOf } from '../../pipeline/state/count-of.ts'
import type { AppState, AudienceSlice } from '../../pipeline/state/state.ts'
import { LETTERS } from '../input/letters.ts'
import { formatCount, formatRate } from '../text/format.ts'
import { type Line, left, print, printable, span, wrap } from '../text/line.ts'
import textWidth from '../text/text-width.ts'

/** Columns between the code and what stands beside it, and the least that has room there. */
const GAP = 3
const LEAST_BESIDE = 34
const ADDRESS = 24
const RESTING = 'Stages are stopped, and readings wait for them'

/** Rows that it needs to show the code whole; 0 while there is none. */
export const rowsOfCode = ({ audience }: AppState): number => audience?.qr.length ?? 0

/** The code stands beside the facts where the window is wide enough, else above them. */
export function audienceLines(state: AppState, width: number): Line[] {
  const { audience, stages, log, session } = state
  const told = {
    isResting: STAGE_IDS.some((id) => id !== 'generator' && stages[id].state === 'stopped'),
    isReadOnly: session.readOnly,
  }
  if (!audience) {
    const failure = log.findLast(({ source, level }) => source === 'audience' && level === 'error')
    return [
      ...muted(session.readOnly ? 'No room is open.' : 'No room is open: A opens one.', width),
      ...wrap(failure?.message ?? '', width).map((part): Line => [span(printable(part), 'fail')]),
    ]
  }
  if (audience.phase === 'choosing') return choiceLines(audience, width)
  if (audience.phase === 'opening') return [[span('Opening …', 'muted')]]
  const { url, qr } = audience
  const codeWidth = Math.max(0, ...qr.map((row) => textWidth(row)))
  const beside = width - codeWidth - GAP
  if (beside < LEAST_BESIDE)
    return [...qr.map((row): Line => [print(row)]), [], ...factLines(audience, url, width, told)]
  const facts = factLines(audience, url, beside, told)
  return Array.from({ length: Math.max(qr.length, facts.length) }, (_, row): Line => {
    const code = qr[row]
    return [
      code === undefined ? span(' '.repeat(codeWidth)) : print(code),
      span(' '.repeat(GAP)),
      ...(facts[row] ?? []),
    ]
  })
}

/** The room listens on one address, which a person has seen and chosen. */
function choiceLines({ addresses }: AudienceSlice, width: number): Line[] {
  return [
    ...muted(
      'On which address do phones reach this machine? A letter opens the room there, and nowhere else.',
      width,
    ),
    [],
    ...addresses.map(
      ({ name, address }, index): Line => [
        span(`${LETTERS[index]}  `, 'accent', true),
        span(left(address, Math.max(ADDRESS, address.length + 2)), 'title'),
        span(printable(name), 'muted'),
      ],
    ),
    ...(addresses.length === 0 ? muted('This machine has no address.', width) : []),
    [],
    ...muted(
      'Another one, or a name: start with --audience-host ADDRESS. A again keeps the room closed.',
      width,
    ),
  ]
}

const muted = (text: string, width: number): Line[] =>
  wrap(text, width).map((part): Line => [span(part, 'muted')])

interface Told {
  /** Stages are stopped, and readings of phones wait in front of them. */
  isResting: boolean
  /** No key changes anything: a recording, or a session that only looks on. */
  isReadOnly: boolean
}

/** @param url undefined in a recording. */
function factLines(
  audience: AudienceSlice,
  url: string | undefined,
  width: number,
  { isResting, isReadOnly }: Told,
): Line[] {
  const { phones, connected, acknowledged, rate, names, code, rules } = audience
  const { isMischiefAllowed, readingsPerSecond, isPaused, hasOwnNames } = rules
  const address: Line[] =
    url === undefined
      ? muted('A recording keeps no address of the room.', width)
      : [
          [span('scan, or type', 'muted')],
          ...wrap(url, width).map((part): Line => [{ text: part, token: 'accent', link: url }]),
          [span('code ', 'muted'), span(code ?? '', 'title', true)],
        ]
  return [
    ...address,
    [],
    [
      span(
        phones === 0
          ? 'no phone has come yet'
          : `${connected} of ${countOf(phones, 'phone')} ${nounOf(phones === 1 ? 1 : connected, 'is', 'are')} here, ${formatRate(rate)}/s`,
      ),
    ],
    ...muted(`${formatCount(acknowledged)} ${nounOf(acknowledged, 'reading')} acknowledged`, width),
    ...(isResting
      ? wrap(`${RESTING}${isReadOnly ? '' : ': a starts all'}.`, width).map(
          (part): Line => [span(part, 'warn')],
        )
      : []),
    [],
    ...(isPaused ? [[span('paused: no reading is taken', 'warn', true)] as Line] : []),
    ...muted(
      `${readingsPerSecond}/s each, mischief ${isMischiefAllowed ? 'on' : 'off'}, ${hasOwnNames ? 'own names' : 'animals'}`,
      width,
    ),
    ...(isReadOnly ? [] : muted(': room changes it   A closes it', width)),
    [],
    ...muted(names.map(printable).join(' · '), width),
  ]
}
