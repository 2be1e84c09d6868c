import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tailWith } from '../../src/pipeline/observation/tail.ts'
import type { AppState, LogEntry, TailEvent } from '../../src/pipeline/state/state.ts'
import { ReportCollector, type ReportModel } from '../../src/report/model.ts'
import { reportText } from '../../src/report/report.ts'
import { accessibilityProblems, findChromium, openBrowser, overflowOf, showPage } from '../support/browser.ts'
import { recordedSession } from '../support/recorded-session.ts'
import { scenarios } from '../support/scenario.ts'

let model: ReportModel
let html: string

beforeAll(async () => {
  const collector = new ReportCollector()
  for (const state of recordedSession()) collector.add(state)
  model = collector.report()
  html = await reportText(model, 'html')
})

describe('the report of a session', () => {
  it('has verdict, ledger, assertions with limits, marks, faults, reasons, traces, layers and settings', () => {
    expect(model.verdict).toBe('flowing')
    expect(model.samples.length).toBeGreaterThan(100)
    expect(model.assertions.map(({ name }) => name)).toHaveLength(5)
    expect(model.assertions.every(({ expectation }) => expectation !== '')).toBe(true)
    expect(model.marks.map(({ text }) => text)).toContain('Key at 50')
    const [fault] = model.faults
    expect(fault).toMatchObject({ title: 'silver killed' })
    expect((fault?.to ?? 0) - (fault?.from ?? 0)).toBe(15_000)
    expect(model.quarantine[0]?.reason).toBe('city is missing')
    expect(model.traces).toHaveLength(1)
    expect(model.layers.map(({ name }) => name)).toContain('quarantine')
    expect(Object.fromEntries(model.settings)).toMatchObject({ stations: '1,200', partitions: '4' })
  })

  it('counts each refused row that was shown once, though the readings around it are newer', () => {
    const collector = new ReportCollector()
    let state: AppState = { ...scenarios.allRunning(), events: [] }
    for (let second = 0; second < 60; second++) {
      const now = state.now + 1000
      const event = (at: number, reasons: readonly string[]): TailEvent => ({
        at,
        deviceId: 'station-00001',
        city: 'Oslo',
        temperature: 1,
        humidity: 1,
        reasons,
      })
      const readings = Array.from({ length: 10 }, (_, index) => event(now - 100 * index, []))
      const refused = [event(now - 3000, ['city is missing'])]
      // As a recording brings them now and then: the same ones as other objects.
      const before = second % 7 === 0 ? structuredClone(state.events) : state.events
      state = { ...state, now, events: tailWith(before, readings, refused) }
      collector.add(state)
    }
    expect(collector.report().quarantine).toEqual([{ reason: 'city is missing', events: 60 }])
  })

  it('has what was done in one and the same millisecond, told one after the other', () => {
    const collector = new ReportCollector()
    const state: AppState = { ...scenarios.allRunning(), log: [] }
    const line = (message: string): LogEntry => ({ at: state.now, level: 'info', source: 'you', message })
    collector.add({ ...state, log: [line('first')] })
    collector.add({ ...state, log: [line('first'), line('second')] })
    expect(collector.report().marks.map(({ text }) => text)).toEqual(['first', 'second'])
  })

  it('keeps a bounded number of samples, however long the session', () => {
    const collector = new ReportCollector()
    let now = 0
    for (const state of recordedSession())
      for (let more = 0; more < 20; more++) {
        now += 1000
        collector.add({ ...state, now })
      }
    expect(collector.report().samples.length).toBeLessThanOrEqual(602)
  })

  it('is one file without any outside reference, and shows text as text', () => {
    expect(html).not.toMatch(/(?:src|href)="(?!data:|#)/)
    expect(html).not.toMatch(/url\((?!data:)/)
    expect(html.match(/<svg/g)).toHaveLength(5)
    expect(html).toContain('&#60;Oslo&#62; &#38; &#39;co&#39;')
    expect(html).not.toContain('<Oslo>')
    expect(html).not.toContain('secret')
  })

  it('says the same as Markdown and as JSON', async () => {
    const markdown = await reportText(model, 'md')
    expect(markdown).toContain('| silver killed |')
    expect(markdown).toContain('| city is missing |')
    expect(JSON.parse(await reportText(model, 'json'))).toMatchObject({
      type: 'report',
      version: 1,
      verdict: 'flowing',
    })
  })
})

// Without a browser the page cannot be seen; the check of a bare machine installs one (.ci/run).
describe.skipIf(findChromium() === undefined)(
  'the report in a real Chromium (skipped: no chromium here)',
  () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await openBrowser()
    })
    afterAll(() => browser?.close())

    it.each([
      [360, false],
      [768, true],
      [1280, false],
    ])('%i pixels wide, dark %s: no error, no request, no overflow, accessible', async (width, dark) => {
      const { page, problems, requests } = await showPage(browser, html, { width, dark })
      expect(problems).toEqual([])
      expect(requests).toEqual([])
      expect(await overflowOf(page)).toBe(0)
      expect(await accessibilityProblems(page)).toEqual([])
      const names = await page
        .getByRole('img')
        .evaluateAll((images) =>
          images.map((image) => (image as unknown as { ariaLabel: string | null }).ariaLabel ?? ''),
        )
      expect(names).toHaveLength(5)
      expect(names.every((name) => name.length > 5)).toBe(true)
      if (process.env.REPORT_PICTURES !== undefined)
        writeFileSync(
          join(process.env.REPORT_PICTURES, `report-${width}.png`),
          await page.screenshot({ fullPage: true }),
        )
      await page.close()
    })

    it('prints', async () => {
      const { page } = await showPage(browser, html, { width: 1280 })
      const folder = mkdtempSync(join(tmpdir(), 'rtstream-report-'))
      try {
        expect((await page.pdf({ path: join(folder, 'report.pdf') })).length).toBeGreaterThan(10_000)
      } finally {
        rmSync(folder, { recursive: true })
      }
      await page.close()
    })
  },
)
