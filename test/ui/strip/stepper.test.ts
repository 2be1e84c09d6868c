/** The strip while an event is followed: every step with its time, the time since the one before, and its bytes. */
import { describe, expect, it } from 'vitest'
import type { TraceStep } from '../../../src/pipeline/ports/trace.ts'
import type { TraceSlice } from '../../../src/pipeline/state/state.ts'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView } from '../../../src/ui/input/view-state.ts'
import { lineWidth, plainText } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

const AT = Date.UTC(2026, 10, 24, 12, 30, 58, 282)
const position = { partition: '2', sequenceNumber: 68 }
const file = { version: 3, file: 'part-0.parquet', fileBytes: 12_345, fileRows: 100 }
const means = {
  version: 1,
  files: ['a'],
  before: undefined,
  isBeforeKnown: true,
  after: undefined,
  readings: 3,
}

const MADE: readonly TraceStep[] = [
  {
    step: 'made',
    state: 'done',
    at: AT,
    bytes: 222,
    facts: { body: '{}', deviceId: 'station-00075', station: 75, number: 1234 },
  },
  {
    step: 'acknowledged',
    state: 'done',
    at: AT + 45,
    bytes: 222,
    facts: { ...position, offset: '77', partitionKey: 'k', batchEvents: 3, isBatchWhole: true },
  },
]
const BRONZE: TraceStep = {
  step: 'bronze',
  state: 'done',
  at: AT + 1245,
  bytes: 345,
  facts: { outcome: 'line', file: 'f', fileBytes: 1, line: 3, lines: 9, text: '{}' },
}
const SILVER: TraceStep = {
  step: 'silver',
  state: 'done',
  at: AT + 2000,
  facts: { outcome: 'row', row: {}, ...file },
}
const WHOLE: readonly TraceStep[] = [
  ...MADE,
  BRONZE,
  SILVER,
  { step: 'gold', state: 'done', at: AT + 3000, facts: { row: {}, ...file } },
  { step: 'minute', state: 'done', at: AT + 3500, facts: { minute: '', city: 'Oslo', ...means } },
  { step: 'aggregate', state: 'done', at: AT + 3600, facts: { city: 'Oslo', date: '', hour: 1, ...means } },
]
const waiting = (...steps: TraceStep['step'][]): TraceStep[] =>
  steps.map((step) => ({ step, state: 'waiting' }) as TraceStep)
const never = (...steps: TraceStep['step'][]): TraceStep[] =>
  steps.map((step) => ({ step, state: 'never' }) as TraceStep)

/** Rows of the strip. @param steps undefined: still looked for. */
function strip(steps: readonly TraceStep[] | undefined, columns: number, rows: number, problem?: string) {
  const state = scenarios.allRunning()
  const trace = steps && {
    eventId: '6f1c7a52-0000-4000-8000-000000000001',
    position,
    steps,
    lookedAt: AT,
    cost: { reads: 0, listed: 0, bytes: 0 },
  }
  const slice: TraceSlice = { query: { kind: 'newest' }, trace, problem, lookedAt: AT + 4000 }
  const { lines, layout } = screenLines(
    { ...state, now: AT + 5000, trace: slice },
    initialView,
    columns,
    rows,
  )
  for (const line of lines) expect(lineWidth(line), plainText(line)).toBe(columns)
  expect(lines).toHaveLength(rows)
  const { gap = 0, flowHeight = 0 } = layout ?? {}
  return lines.slice(1, 1 + gap + flowHeight).map(plainText)
}
/** Where a text begins in the row that has it. */
const columnOf = (rows: readonly string[], text: string) => {
  const found = rows.map((row) => row.indexOf(text)).filter((at) => at >= 0)
  expect(found, `${text} in\n${rows.join('\n')}`).not.toEqual([])
  return found[0] as number
}

const SIZES = [
  [80, 24],
  [100, 30],
  [110, 30],
  [120, 40],
  [160, 50],
  [200, 60],
] as const

describe.each(SIZES)('the strip of a followed event at %i×%i', (columns, rows) => {
  it('has each step with its clock time, the time since the step before, and its bytes', () => {
    const lines = strip(WHOLE, columns, rows)
    for (const title of ['● made', '● hub', '● bronze', '● silver', '● gold', 'minute', '● agg'])
      columnOf(lines, title)
    const times =
      columns < 120 ? ['12:30:58', '12:30:59', '12:31:00'] : ['12:30:58.282', '12:30:58.327', '12:31:00.282']
    for (const text of [
      ...times,
      '+45 ms',
      '+1.2 s',
      '+0.8 s',
      '+1.0 s',
      '+0.5 s',
      '+0.1 s',
      '222 B',
      '345 B',
      'in 12 KB',
    ])
      columnOf(lines, text)
    // Nothing comes behind the last.
    expect(lines.join('\n')).toMatch(/● agg\w* *$/m)
    // What belongs to a step stands below it.
    const bronze = columnOf(lines, '● bronze')
    for (const text of ['+1.2 s']) expect(columnOf(lines, text)).toBeGreaterThanOrEqual(bronze - 1)
    expect(columnOf(lines, '+1.2 s')).toBeLessThan(columnOf(lines, '● silver') - 1)
  })

  it('lets the steps still to come wait, and says since when', () => {
    const lines = strip([...MADE, BRONZE, ...waiting('silver', 'gold', 'minute', 'aggregate')], columns, rows)
    for (const title of ['● bronze', '▐○ silver▌', '▐○ gold▌']) columnOf(lines, title)
    // Bronze was 3.8 s before now.
    expect(lines.join('\n').match(/waits/g)).toHaveLength(4)
    columnOf(lines, 'waits 3.8 s')
    expect(lines[0]?.trim() === '' ? lines[1] : lines[0]).toMatch(/hub +━+▶ ● bronze +─+▶▐○ silver▌╌*▶/)
  })

  it.each([
    [
      'rejected',
      [
        ...MADE,
        { ...BRONZE, facts: { outcome: 'rejected', file: 'f', fileBytes: 1, lines: 1, reason: 'x' } },
        ...never('silver', 'gold', 'minute', 'aggregate'),
      ],
    ],
    [
      'quarantine',
      [
        ...MADE,
        BRONZE,
        { ...SILVER, facts: { outcome: 'quarantine', reasons: ['x'], raw: '', ...file } },
        ...never('gold', 'minute', 'aggregate'),
      ],
    ],
    [
      'duplicate',
      [
        ...MADE,
        BRONZE,
        {
          ...SILVER,
          facts: {
            outcome: 'duplicate',
            of: { eventId: 'x', position: undefined, enqueuedAt: 0, keptIn: 'silver' },
          },
        },
        ...never('gold', 'minute', 'aggregate'),
      ],
    ],
  ] as const)('says where it left the main way: %s', (outcome, steps) => {
    const lines = strip(steps as readonly TraceStep[], columns, rows)
    columnOf(lines, `● ${outcome}`)
    columnOf(lines, 'never')
    expect(lines.join('\n')).not.toContain('waits')
  })

  it('stands there while the event is looked for, and says why it is not found', () => {
    expect(strip(undefined, columns, rows).join('\n')).toMatch(/○ made▌.*○ hub▌/)
    const lines = strip(undefined, columns, rows, 'The hub holds no such event.')
    if (columns < 100 || columns >= 120) columnOf(lines, 'The hub holds no such event.')
  })
})

it('names the event, and says how old this knowledge is', () => {
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
  ] as const)
    expect(strip(WHOLE, columns, rows).join('\n')).toMatch(/Event 6f1c7a52.* at 2:68, as of 1\.0 s ago/)
})

it('stands in two bands where there is nothing but the strip', () => {
  const lines = strip(WHOLE, 60, 20)
  for (const title of ['● made', '● silver', '● gold', '● aggregate', 'Event 6f1c']) columnOf(lines, title)
})
