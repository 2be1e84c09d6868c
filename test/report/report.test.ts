import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tailWith } from '../../src/pipeline/observation/tail.ts'
import type { LakeQuery } from '../../src/pipeline/ports/query.ts'
import type { AppState, LogEntry, TailEvent } from '../../src/pipeline/state/state.ts'
import { drawCharts, tickText } from '../../src/report/charts.ts'
import { folderReport, ReportCollector, type ReportModel } from '../../src/report/model.ts'
import { reportText } from '../../src/report/report.ts'
import { askTables, type TablesPart } from '../../src/report/tables.ts'
import { accessibilityProblems, findChromium, openBrowser, overflowOf, showPage } from '../support/browser.ts'
import { ROOM } from '../support/open-room.ts'
import { recordedSession } from '../support/recorded-session.ts'
import { scenarios } from '../support/scenario.ts'

/** Only the parts used here; browser types are not loaded. */
interface RangeLike {
  selectNodeContents(node: unknown): void
  getClientRects(): { length: number }
}

const TABLES: TablesPart = {
  samples: [{ name: 'silver', columns: ['city'], rows: [['Oslo']] }],
  quarantine: [{ reason: 'humidity is missing', events: 7 }],
  minutes: [
    { at: 60_000, silver: 120, quarantined: 0, gold: 120, latency: undefined },
    { at: 180_000, silver: 170, quarantined: 10, gold: 160, latency: { p50: 1, p95: 2, p99: 3 } },
  ],
}

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

  it('tells the rate of one station that reports once an hour, which is not 0', async () => {
    const assertions = model.assertions.map((one) => (one.unit === '/s' ? { ...one, value: 1 / 3600 } : one))
    expect(await reportText({ ...model, assertions }, 'md')).toContain('| 0.0003/s |')
  })

  it('says how many readings the presenter has typed', async () => {
    const state = scenarios.allRunning()
    const collector = new ReportCollector()
    collector.add({ ...state, ledger: { ...state.ledger, typed: 3 } })
    for (const format of ['html', 'md'] as const)
      expect(await reportText(collector.report(), format)).toContain('typed by the presenter 3')
    expect(html).not.toContain('typed by the presenter')
  })

  it('says how many phones took part, and what they sent', async () => {
    const state = scenarios.allRunning()
    const collector = new ReportCollector()
    for (const connected of [3, 38, 12])
      collector.add({
        ...state,
        audience: { ...ROOM, connected },
        ledger: { ...state.ledger, audience: 412 },
      })
    const found = collector.report()
    expect(found.audience).toEqual({ most: 38, acknowledged: 412 })
    for (const format of ['html', 'md'] as const) {
      const text = await reportText(found, format)
      expect(text).toContain('by phones of the room 412')
      expect(text).toMatch(/phones, most at a time.*38/)
      expect(text).not.toContain(ROOM.code)
    }
    expect(html).not.toContain('phones')
  })

  it.each([
    [0, '0'],
    [0.02, '0.02'],
    [0.1 + 0.2, '0.3'],
    [250, '250'],
    [1500, '1.5k'],
    [20_000, '20k'],
    [2_500_000, '2.5M'],
  ])('the axis of a chart has %d as %s', (value, text) => expect(tickText(value)).toBe(text))

  it('has the hours of its charts as those of its tables: to 24, in UTC', async () => {
    const hours = 5 * 3_600_000
    const shifted = (ms: number): ReportModel => ({
      ...model,
      startedAt: model.startedAt + ms,
      endedAt: model.endedAt + ms,
      samples: model.samples.map((sample) => ({ ...sample, at: sample.at + ms })),
      marks: [],
      faults: [],
    })
    for (const ms of [0, hours]) {
      const page = await reportText(shifted(ms), 'html')
      const [, chart = ''] = /aria-label="Events into the hub, per second"([\s\S]*?)<\/svg>/.exec(page) ?? []
      const texts = [...chart.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text as string)
      const ticks = texts.filter((text) => text.includes(':'))
      expect(ticks.length).toBeGreaterThan(3)
      const hour = new Date(model.startedAt + ms).toISOString().slice(11, 13)
      for (const tick of ticks) expect(tick).toMatch(new RegExp(`^${hour}:[0-5]\\d:[0-5]\\d$`))
    }
  })

  it.each([7, 61, 599, 600, 5000, 80_000, 90_000, 1_000_000, 40_000_000])(
    'labels of the time do not touch where %i s are shown',
    (seconds) => {
      const { startedAt, samples } = model
      const at = (index: number) => startedAt + (index * seconds * 1000) / (samples.length - 1)
      const [chart] = drawCharts({
        ...model,
        endedAt: startedAt + seconds * 1000,
        samples: samples.map((sample, index) => ({ ...sample, at: at(index) })),
        marks: [],
        faults: [],
      })
      const found = [
        ...(chart?.svg ?? '').matchAll(/translate\(([\d.]+),[\d.]+\)"[^>]*>([^<]*\d\d:\d\d[^<]*)</g),
      ]
      const ticks = found.map(([, x, text = '']) => ({ x: Number(x), text }))
      expect(ticks.length).toBeGreaterThan(2)
      for (const [index, { x, text }] of ticks.slice(1).entries())
        expect(x - (ticks[index]?.x ?? 0), text).toBeGreaterThan(text.length * 8)
      // None is cut at the edge, and days are told apart.
      for (const { x, text } of ticks) expect(x + text.length * 3.6).toBeLessThan(760)
      expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length)
    },
  )

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

  it('goes on when the clock is set back, and its charts show all of it', () => {
    const collector = new ReportCollector()
    const all = [...recordedSession()]
    for (const [second, state] of all.entries())
      collector.add({ ...state, now: state.now - (second < all.length / 2 ? 0 : 3_600_000) })
    const set = collector.report()
    expect(set.samples.length).toBeGreaterThanOrEqual(all.length)
    const rate = drawCharts(set).find(({ id }) => id === 'rate')?.svg ?? ''
    const path = /stroke-width="1.8"[^>]*><path d="([^"]*)"/.exec(rate)?.[1] ?? ''
    const places = [...path.matchAll(/(-?[\d.]+),-?[\d.]+/g)].map(([, x]) => Number(x))
    expect(places.length).toBeGreaterThan(all.length / 2)
    expect([Math.min(...places), Math.max(...places)].map(Math.round)).toEqual([56, 716])
  })

  it('shows a gap, and no last number, while the hub cannot be read', async () => {
    const collector = new ReportCollector()
    for (const [second, state] of [...recordedSession()].entries()) {
      const error = second >= 50 && second < 60 ? 'away' : undefined
      collector.add({ ...state, hub: { ...state.hub, error } })
    }
    const gapped = collector.report()
    const unknown = gapped.samples.filter(({ rate, backlog }) => rate === undefined && backlog === undefined)
    expect(unknown).toHaveLength(10)
    const pathOf = async (one: ReportModel) =>
      /aria-label="Events into the hub, per second"[\s\S]*?stroke-width="1.8"[^>]*><path d="([^"]*)"/.exec(
        await reportText(one, 'html'),
      )?.[1] ?? ''
    const pieces = (path: string) => path.split('M').length - 1
    expect(pieces(await pathOf(gapped))).toBe(2)
    expect(pieces(await pathOf(model))).toBe(1)
    expect(await reportText(gapped, 'md')).not.toContain('NaN')
  })

  it('says of what nobody has read that it is not known, and neither 0 nor that nothing was sent', async () => {
    const collector = new ReportCollector()
    const state = scenarios.beforeConnect()
    collector.add(state)
    collector.add({ ...state, now: state.now + 5000 })
    const unread = collector.report()
    expect(unread).toMatchObject({ verdict: 'unknown', explanation: 'not read yet' })
    expect(unread.samples.map(({ rate }) => rate)).toEqual([undefined, undefined, undefined])
    for (const format of ['html', 'md'] as const) {
      const text = await reportText(unread, format)
      expect(text).toContain('Not known: not read yet.')
      expect(text).not.toContain('Nothing was sent')
      const part = (from: RegExp) => text.slice(text.search(from)).slice(0, 900)
      for (const numbers of [part(/## Ledger|hop by hop/), part(/## Layers|The layers at the end/)]) {
        expect(numbers.match(/not known/g)?.length).toBeGreaterThan(5)
        expect(numbers).not.toMatch(/[>|] ?0 ?[<|]/)
      }
      expect(text).not.toMatch(/NaN|Events into the hub|Events a second|Rows in flight/)
    }
    expect(JSON.parse(await reportText(unread, 'json')).ledger).toHaveProperty('acknowledged', null)
    expect(Object.fromEntries(unread.settings)).toMatchObject({ partitions: 'not known' })
  })

  it('knows no cost where no service of Azure was heard; the local one costs nothing', async () => {
    const report = async (changes: Partial<AppState['session']>) => {
      const state = scenarios.beforeConnect()
      const collector = new ReportCollector()
      collector.add({ ...state, session: { ...state.session, ...changes } })
      const text = await reportText(collector.report(), 'json')
      const { cost, samples } = JSON.parse(text) as { cost: unknown; samples: { spent: unknown }[] }
      return [cost, samples[0]?.spent]
    }
    expect(await report({ target: 'azure' })).toEqual([null, null])
    expect(await report({ target: 'local' })).toEqual([0, 0])
  })

  it('keeps rows in flight for the next start only where there can be one', async () => {
    const state = scenarios.allRunning()
    const verdict = async (ephemeral: boolean) => {
      const collector = new ReportCollector()
      collector.add({ ...state, session: { ...state.session, ephemeral } })
      return reportText(collector.report(), 'md')
    }
    expect(await verdict(false)).toContain('they are kept for the next start.')
    expect(await verdict(true)).toContain('and went with its temporary folder.')
  })

  it('calls nothing balanced while a table cannot be read', async () => {
    const state = scenarios.balanced()
    const { lake } = state
    const gold = { ...lake.layers.gold, error: 'damaged' }
    const collector = new ReportCollector()
    collector.add({ ...state, lake: { ...lake, layers: { ...lake.layers, gold } } })
    expect(await reportText(collector.report(), 'md')).toContain('Not known: gold cannot be read.')
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

  it('shows samples of the tables and versions; from a recording, the events that were shown', () => {
    expect(html).toContain('<h3>events, as they were shown</h3>')
    const collector = new ReportCollector()
    for (const state of recordedSession()) collector.add(state)
    const asked = collector.report(TABLES, [['Node', 'v24']])
    expect(asked.tables).toBe(TABLES.samples)
    expect(asked.quarantine).toEqual([{ reason: 'humidity is missing', events: 7 }])
    expect(Object.fromEntries(asked.settings)).toMatchObject({
      Node: 'v24',
      engine: 'duckdb',
      target: 'local',
    })
    expect(asked.isQuarantineWhole).toBe(true)
    expect(model.isQuarantineWhole).toBe(false)
  })

  it('of a folder has the time of its tables, minute by minute, and no backlog that nobody knows', async () => {
    const folder = folderReport(model, TABLES, [{ at: 60_000, text: 'Key' }])
    expect(folder).toMatchObject({ source: 'folder', startedAt: 60_000, endedAt: 240_000 })
    expect(folder.samples.map(({ rate }) => rate)).toEqual([2, 3])
    expect(folder.samples.at(-1)?.rows).toMatchObject({
      silver: 290,
      quarantine: 10,
      gold: 280,
      bronze: undefined,
    })
    // What it would be with the flags of this command says nothing of those who wrote the tables.
    expect(Object.fromEntries(folder.settings)).toMatchObject({
      ...{ stations: 'not known', interval: 'not known', 'dirty data': 'not known', partitions: '4' },
    })
    const page = await reportText(folder, 'html')
    expect(page).toContain('Report of a data folder')
    expect(page).toContain('Created → hub, by minute')
    expect(page).not.toContain('Rows in flight, by hop')
    expect(await reportText(folder, 'md')).not.toContain('NaN')
  })

  it('of tables on Azure does not say what the sessions before have cost', () => {
    const costs = (target: 'local' | 'azure') => {
      const { cost, samples } = folderReport({ ...model, target, cost: 0.02 }, TABLES)
      return [cost, ...new Set(samples.map(({ spent }) => spent))]
    }
    expect([costs('local'), costs('azure')]).toEqual([
      [0, 0],
      [undefined, undefined],
    ])
  })

  it('asks the tables little by little: what cannot be asked is left out', async () => {
    const asked: string[] = []
    const query: LakeQuery = {
      size: async () => ({ files: 1, bytes: 1000 }),
      run: async (sql) => {
        asked.push(sql)
        if (!sql.includes('FROM silver')) throw new Error('no such table')
        const rows = sql.includes('date_trunc')
          ? [[60_000, 90, 1, 2, 3]]
          : [[1, null, { a: 'x'.repeat(500) }]]
        return { columns: ['a', 'b', 'c'], rows, isCut: false, files: 1, bytes: 1 }
      },
      export: async () => 0,
    }
    const { samples, quarantine, minutes } = await askTables(query)
    expect(samples.map(({ name }) => name)).toEqual(['silver'])
    expect(samples[0]?.rows[0]?.map((cell) => cell.length)).toEqual([1, 0, 301])
    expect(quarantine).toBeUndefined()
    expect(minutes).toEqual([
      { at: 60_000, silver: 90, quarantined: 0, gold: 0, latency: { p50: 1, p95: 2, p99: 3 } },
    ])
    asked.length = 0
    const much = { ...query, size: async () => ({ files: 1, bytes: 1e9 }) }
    expect(await askTables(much)).toEqual({ samples: [], quarantine: undefined, minutes: [] })
    expect(asked).toEqual([])
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
const chromium = findChromium()
describe.skipIf(chromium === undefined)(
  `the report in a real Chromium${chromium === undefined ? ' (skipped: none is installed)' : ''}`,
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
      // Words of a chart stay readable where it is wider than the page.
      const sizes = await page
        .locator('svg text')
        .evaluateAll((texts) =>
          texts.map(
            (text) =>
              (text as unknown as { getBoundingClientRect(): { height: number } }).getBoundingClientRect()
                .height,
          ),
        )
      expect(Math.min(...sizes.filter((size) => size > 0))).toBeGreaterThan(8)
      // Nothing but the last column may be broken within its words.
      const broken = await page.locator('td:not(:last-child)').evaluateAll((cells) =>
        cells.flatMap((cell) => {
          const { document } = globalThis as unknown as { document: { createRange(): RangeLike } }
          const range = document.createRange()
          range.selectNodeContents(cell)
          const text = (cell as unknown as { textContent: string }).textContent
          return range.getClientRects().length > text.split(/[\s-]+/).length ? [text] : []
        }),
      )
      expect(broken).toEqual([])
      // The limits of the assertions are words too.
      const limits = page.locator('[aria-labelledby=assertions] td:last-child')
      for (const { width: columns } of await limits.evaluateAll((cells) =>
        cells.map((cell) =>
          (cell as unknown as { getBoundingClientRect(): { width: number } }).getBoundingClientRect(),
        ),
      ))
        expect(columns).toBeGreaterThan(100)
      // What happened in it, and where an event stood, is read without scrolling sideways.
      const beside = page.locator(':is([aria-labelledby=traces], [aria-labelledby=faults]) .scroll')
      const hidden = await beside.evaluateAll((boxes) =>
        (boxes as unknown as { scrollWidth: number; clientWidth: number }[]).map(
          ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
        ),
      )
      expect(hidden.length).toBeGreaterThan(0)
      expect(Math.max(...hidden)).toBe(0)
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
