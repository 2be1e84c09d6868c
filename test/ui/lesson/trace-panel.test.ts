/** One followed event, row by row. */
import { describe, expect, it } from 'vitest'
import type { TraceStep } from '../../../src/pipeline/ports/trace.ts'
import { traceLines } from '../../../src/ui/lesson/trace-panel.ts'
import { lineWidth, plainText } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

const AT = Date.UTC(2026, 10, 24, 12, 30, 58, 282)
const STEPS: readonly TraceStep[] = [
  {
    step: 'made',
    state: 'done',
    at: AT,
    bytes: 222,
    facts: { body: '{}', deviceId: 'station-00075', station: 75, number: 1234 },
  },
  {
    step: 'bronze',
    state: 'unknown',
    note: 'The lake refuses the account that this window is signed in with: ask for a role that may read it.',
  },
  { step: 'gold', state: 'waiting' },
]

function rowsAt(width: number): string[] {
  const state = scenarios.allRunning()
  const position = { partition: '2', sequenceNumber: 68 }
  const trace = {
    eventId: 'id',
    position,
    steps: STEPS,
    lookedAt: AT,
    cost: { reads: 0, listed: 0, bytes: 0 },
  }
  const slice = { query: { kind: 'newest' }, trace, problem: undefined, lookedAt: AT } as const
  const lines = traceLines({ ...state, trace: slice }, width)
  for (const line of lines) expect(lineWidth(line), plainText(line)).toBeLessThanOrEqual(width)
  return lines.map(plainText)
}

describe.each([58, 76, 116, 196])('a followed event in %i columns', (width) => {
  it('says the whole of each step, whatever room there is', () => {
    const text = rowsAt(width).join(' ').replaceAll(/\s+/g, ' ')
    expect(text).toContain('made by station 75 as number 1234')
    expect(text).toContain('ask for a role that may read it.')
  })
})

it('begins a summary without numbers beside its step, and one with numbers below them', () => {
  const rows = rowsAt(58)
  expect(rows.find((row) => row.includes('12:30:58.282'))).not.toContain('station')
  expect(rows.find((row) => row.startsWith('? bronze'))).toMatch(/^\? bronze {6}The lake refuses/)
})
