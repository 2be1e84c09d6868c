/** Before anything was read no panel says 0: what nobody has looked at is a dash, on the screen and in the summary. */
import { describe, expect, it } from 'vitest'
import { summarise, summariseSession, summaryText } from '../../src/commands/shared/summary.ts'
import { verdictOf } from '../../src/pipeline/reconciliation/verdict.ts'
import { screenLines } from '../../src/ui/app/screen-lines.ts'
import { initialView, type ViewState } from '../../src/ui/input/view-state.ts'
import { PANELS } from '../../src/ui/layout.ts'
import { plainText } from '../../src/ui/text/line.ts'
import { scenarios } from '../support/scenario.ts'

const SIZES = [
  [80, 24],
  [100, 30],
  [120, 40],
  [160, 50],
  [200, 60],
] as const

/** Zeros that are true: the uptime, an axis, the price of what is free, keys and settings. */
const withoutTruths = (line: string) =>
  line
    .replace(/00:00:00|\$0\.00\/h|[1-5]–5|1,?200|\d+ stations|\d+ stn/g, '')
    .replace(/\d+ [┤┼]/g, '')
    .replace(/−?\d+ (s|min)\b/g, '')

const text = (
  state: ReturnType<(typeof scenarios)['beforeConnect']>,
  view: Partial<ViewState>,
  size = [120, 40],
) =>
  screenLines(state, { ...initialView, ...view }, size[0] as number, size[1] as number)
    .lines.map(plainText)
    .map(withoutTruths)
    .join('\n')

const ZERO = /(?<![\d.,:])0(?![\d.,:]|\d* of)/

describe('before the first read', () => {
  it.each(SIZES)('no panel says 0 at %i×%i, with any in focus', (...size) => {
    for (const focused of PANELS)
      expect(text(scenarios.beforeConnect(), { focused }, size), focused).not.toMatch(ZERO)
    expect(text(scenarios.beforeConnect(), { isPresenting: true }, size)).not.toMatch(ZERO)
  })

  it.each(PANELS.filter((id) => id !== 'rate' && id !== 'log'))('%s, zoomed, says no 0', (focused) => {
    expect(text(scenarios.beforeConnect(), { focused, isZoomed: true })).not.toMatch(ZERO)
  })

  it('Azure costs nobody knows how much', () => {
    const state = scenarios.beforeConnect()
    const azure = { ...state, session: { ...state.session, target: 'azure' as const } }
    expect(text(azure, {})).toContain('≈ –/h')
  })
})

describe('when the hub was read and the lake was not', () => {
  const hubAlone = () => {
    const { hub } = scenarios.allRunning()
    return { ...scenarios.beforeConnect(), hub }
  }

  it('the ledger and the strip tell nothing of the lake, and nothing is balanced', () => {
    const ledger = text(hubAlone(), { focused: 'ledger', isZoomed: true })
    for (const name of ['acknowledged', 'bronze', 'silver', 'gold', 'aggregated'])
      expect(ledger).toMatch(new RegExp(`${name} +–`))
    expect(text(hubAlone(), {})).toMatch(/rejected –.*quarantine –/)
    expect(verdictOf(hubAlone())).toMatchObject({ kind: 'unknown' })
  })

  it('the summary has null for each count but the hub’s', () => {
    const { ledger, verdict } = summariseSession(hubAlone(), 1000)
    const { enqueued, ...others } = ledger
    expect(enqueued).toBe(7214)
    expect(new Set(Object.values(others))).toEqual(new Set([null]))
    expect(verdict).toBe('unknown')
    const run = summarise(hubAlone(), undefined, { generatingMs: 0, acknowledgedInRun: 0, durationMs: 1000 })
    expect(new Set(Object.values(run.ledger))).toEqual(new Set([null]))
    expect(run).toMatchObject({ verdict: 'unknown', balanced: false, assertions: { missing: null } })
    const where = { dataDir: undefined, ephemeral: false, logFile: undefined }
    expect(summaryText(run, where)).toMatch(/lost +not known/)
  })
})

it('a table that does not tell its rows is no balance of zeros', () => {
  const state = scenarios.allRunning()
  const { ledger } = scenarios.beforeConnect()
  expect(verdictOf({ ...state, ledger })).toMatchObject({ kind: 'unknown', mark: '–' })
})

describe('a job that has stopped', () => {
  const jobIs = (word: 'running' | 'stopping' | 'stopped' | 'failed' | 'starting' | 'unknown') => {
    const state = scenarios.allRunning()
    const streamAnalytics = { ...state.stages.streamAnalytics, state: word, backlog: undefined }
    const job = { ...state.job, watermarkDelaySeconds: 41, backlogged: 4242, resourceUtilization: 37 }
    return { ...state, job, stages: { ...state.stages, streamAnalytics } }
  }
  const GAUGES = /(delay|watermark) +41 s|4,242|37 %/
  const drawn = (
    state: ReturnType<typeof jobIs>,
    view: Partial<ViewState>,
    [columns, rows]: readonly number[],
  ) =>
    screenLines(state, { ...initialView, ...view }, columns as number, rows as number)
      .lines.map(plainText)
      .join('\n')
  const views: Partial<ViewState>[] = [{}, { focused: 'job' }, { focused: 'job', isZoomed: true }]

  it.each(['stopped', 'failed', 'starting'] as const)(
    '%s: its last gauges are not told as of now',
    (word) => {
      for (const size of SIZES)
        for (const view of views) expect(drawn(jobIs(word), view, size)).not.toMatch(GAUGES)
    },
  )

  it.each(['running', 'stopping', 'unknown'] as const)('%s: they are', (word) => {
    for (const size of SIZES.slice(2))
      for (const view of views) expect(drawn(jobIs(word), view, size)).toMatch(GAUGES)
  })
})
