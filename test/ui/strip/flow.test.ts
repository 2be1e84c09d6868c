/** The strip's numbers in the room that there is: none is cut, whatever waits and flows. */
import { expect, it } from 'vitest'
import type { AppState } from '../../../src/pipeline/state/state.ts'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView } from '../../../src/ui/input/view-state.ts'
import { plainText } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

const SIZES = [
  [60, 20],
  [80, 24],
  [90, 26],
  [100, 30],
  [120, 40],
  [200, 60],
] as const
const COUNTS = [1, 22, 111, 1204, 48_210, 999_600, 1_234_567, 1_200_000_000]

function strip(count: number, columns: number, rows: number): string[] {
  const state = scenarios.allRunning()
  const stages = Object.fromEntries(
    Object.entries(state.stages).map(([id, one]) => [id, { ...one, backlog: count, rate: count }]),
  ) as AppState['stages']
  const { lines, layout } = screenLines(
    {
      ...state,
      stages,
      hub: { ...state.hub, rate: count },
      ledger: { ...state.ledger, rejected: count, quarantined: count },
    },
    initialView,
    columns,
    rows,
  )
  return lines.slice(1, 1 + (layout?.gap ?? 0) + (layout?.flowHeight ?? 0)).map(plainText)
}

it.each(SIZES)('cuts no number at %i×%i', (...size) => {
  for (const count of COUNTS) expect(strip(count, ...size).join('\n'), String(count)).not.toMatch(/\d[.,]?…/)
})

it('a number that waits stands apart from the one before it, without any colour', () => {
  for (const count of [111, 1204, 48_210])
    for (const row of strip(count, 80, 24)) expect(row).not.toMatch(/\d{3} +(?:111|1\.2k|48k)\b/)
})

it.each([
  [60, 20],
  [79, 24],
  [99, 30],
  [120, 40],
] as const)("a service's own word is told once at %i×%i", (columns, rows) => {
  const state = scenarios.allStopped()
  const stages = {
    ...state.stages,
    streamAnalytics: { ...state.stages.streamAnalytics, providerStatus: 'Created' },
  }
  const { lines } = screenLines({ ...state, stages }, initialView, columns, rows)
  const text = lines.slice(1, 13).map(plainText).join('\n')
  expect(text.match(/Created/g)).toHaveLength(1)
})

it('what a service says runs on below the next box, as far as that has nothing to say', () => {
  const state = scenarios.allStopped()
  const said = (generator: string, streamAnalytics: string) =>
    screenLines(
      {
        ...state,
        stages: {
          ...state.stages,
          generator: { ...state.stages.generator, providerStatus: generator },
          streamAnalytics: { ...state.stages.streamAnalytics, providerStatus: streamAnalytics },
        },
      },
      initialView,
      80,
      24,
    )
      .lines.slice(1, 6)
      .map(plainText)
      .join('\n')
  expect(said('waiting for the hub', 'Created')).toMatch(/ waiting for the hub +Created /)
  expect(said('waiting for the hub to come back', 'Created')).toMatch(/ waiting for the hub to… +Created /)
})
