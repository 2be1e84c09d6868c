import { describe, expect, it } from 'vitest'
import { qrRows } from '../../../src/commands/shared/audience/room.ts'
import { type AppState, CORRUPTION_KINDS, type CorruptionKind } from '../../../src/pipeline/state/state.ts'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { initialView, type ViewState } from '../../../src/ui/input/view-state.ts'
import { PANELS } from '../../../src/ui/layout.ts'
import { chartLines } from '../../../src/ui/panels/chart.ts'
import { endpointLines } from '../../../src/ui/panels/endpoints-panel.ts'
import { ratePanel } from '../../../src/ui/panels/rate-panel.ts'
import { lineWidth, plainText } from '../../../src/ui/text/line.ts'
import textWidth from '../../../src/ui/text/text-width.ts'
import { scenarios } from '../../support/scenario.ts'

const draw = (state: AppState, view: Partial<ViewState> = {}, columns = 120, rows = 40): string =>
  screenLines(state, { ...initialView, ...view }, columns, rows)
    .lines.map((line) => plainText(line).trimEnd())
    .join('\n')
const ask = () => ({ ok: true, message: '' }) as const

const footer = (state: AppState, view: Partial<ViewState> = {}, columns = 120) =>
  draw(state, view, columns).split('\n').at(-1) ?? ''

it('a question counts the stages that run, not one that has failed', () => {
  const state = scenarios.allRunning()
  const { silver } = state.stages
  const failed = { ...state, stages: { ...state.stages, silver: { ...silver, state: 'failed' as const } } }
  expect(draw(failed, { question: { kind: 'stopAll' } })).toContain('4 of 5 run.')
  expect(draw(failed, { question: { kind: 'quit', askedAt: 0 } })).toContain('4 of 5 stages run')
})

/** Every way in which the screen can be covered. */
const VIEWS: Readonly<Record<string, Partial<ViewState>>> = {
  plain: {},
  ...Object.fromEntries(PANELS.map((id) => [`focus ${id}`, { focused: id }])),
  ...Object.fromEntries(PANELS.map((id) => [`zoom ${id}`, { focused: id, isZoomed: true }])),
  help: { overlay: 'help' },
  endpoints: { overlay: 'endpoints' },
  'stop all?': { question: { kind: 'stopAll' } },
  'quit?': { question: { kind: 'quit', askedAt: 0 } },
  'costs?': { question: { kind: 'costs', perform: ask } },
  'stations?': { question: { kind: 'stations', text: '123' } },
  filtering: { isFiltering: true, filter: 'Aswan and a filter that is long' },
  frozen: { isFrozen: true },
  toast: { toast: { text: 'x'.repeat(300), isRefusal: true, at: scenarios.allRunning().now } },
}

/** Of sizes with views a scenario takes one in so many, its neighbours the next ones: each pair is drawn by several scenarios. */
const EVERY = 4

describe('every screen fits its terminal, at every size and in every view', () => {
  for (const [order, [name, scenario]] of Object.entries(scenarios).entries())
    it(`${name}: each row is exactly as wide as the terminal`, () => {
      const state = scenario()
      const wrong: string[] = []
      let turn = order
      for (let columns = 60; columns <= 220; columns += 20)
        for (let rows = 20; rows <= 70; rows += 10)
          for (const [shown, view] of Object.entries(VIEWS)) {
            if (turn++ % EVERY !== 0) continue
            const { lines } = screenLines(state, { ...initialView, ...view }, columns, rows)
            if (lines.length !== rows) wrong.push(`${columns}×${rows} ${shown}: ${lines.length} rows`)
            for (const [row, line] of lines.entries())
              if (lineWidth(line) !== columns)
                wrong.push(`${columns}×${rows} ${shown}, row ${row}: ${lineWidth(line)} ${plainText(line)}`)
          }
      expect(wrong.slice(0, 3)).toEqual([])
    })

  it('also when it is too small to show anything but what it needs', () => {
    for (const [columns, rows] of [
      [59, 40],
      [40, 10],
      [10, 3],
      [1, 1],
    ] as const) {
      const { lines } = screenLines(scenarios.allRunning(), initialView, columns, rows)
      expect(lines).toHaveLength(rows)
      for (const line of lines) expect(lineWidth(line)).toBe(columns)
    }
    expect(draw(scenarios.allRunning(), {}, 60, 20)).toMatch(
      /● generator.*● event hub.*● analytics[\s\S]*rejected 2[\s\S]*● silver.*● gold.*● aggregate[\s\S]*quarantine 174/,
    )
    for (const [columns, rows] of [
      [24, 6],
      [20, 5],
      [14, 4],
      [12, 3],
    ] as const)
      expect(draw(scenarios.allRunning(), {}, columns, rows), `${columns}×${rows}`).toMatch(
        /60×20[\s\S]*q\s+quits/,
      )
  })
})

describe('header', () => {
  it('tells target, uptime, ledger, latency and cost', () => {
    const [header] = draw(scenarios.allRunning()).split('\n')
    expect(header).toMatch(
      /rtstream {2}local {2}00:12:31 .*ledger ✓ 38 in flight.*created→gold 1\.4 s.*\$0\.00\/h/,
    )
    expect(draw(scenarios.balanced()).split('\n')[0]).toContain('ledger ✓ balanced')
    expect(draw(scenarios.failing()).split('\n')[0]).toContain('ledger ✗ 17 lost')
  })

  it('keeps the ledger where there is little room', () => {
    expect(draw(scenarios.allRunning(), {}, 80, 24).split('\n')[0]).toContain('ledger ✓ 38 in flight')
    expect(draw(scenarios.huge(), { isFrozen: true }, 80, 24).split('\n')[0]).toMatch(/ledger/)
  })

  it('wears badges: read-only, connecting, frozen', () => {
    expect(draw(scenarios.readOnly())).toContain(' read-only ')
    expect(draw(scenarios.beforeConnect())).toContain(' connecting ')
    expect(draw(scenarios.allRunning(), { isFrozen: true })).toContain(' frozen')
  })
})

describe('flow', () => {
  const flow = (state: AppState, columns = 120) =>
    draw(state, {}, columns, columns >= 120 ? 40 : 24)
      .split('\n')
      .slice(1, columns >= 120 ? 6 : 7)
      .join('\n')

  it('has glyph, rate at each arrow, a plain word, the backlog between the boxes, and what leaves the way', () => {
    const text = flow(scenarios.allRunning())
    expect(text).toMatch(
      /● generator ━+120\/s━+▶ ● event hub ━+120\/s━+▶ ● stream analytics ━+119\/s━+▶ ● silver ━+116\/s━+▶ ● gold ━+116\/s━+▶ ● aggregate/,
    )
    expect(text).toMatch(/1 running +takes events +2 running +3 running +4 running +5 running/)
    expect(text).toMatch(/ 5 % dirty +╰▶ rejected 2 +╰▶ quarantine 174/)
    expect(text).toMatch(/▌ 2 +7,214 events +watermark 1\.0 s +▌ 22 +batch #689 +#684 +▌ 12/)
  })

  it('tells every state by its glyph', () => {
    expect(flow(scenarios.allStopped())).toMatch(/▐○ generator▌─.*▐○ silver▌/)
    expect(flow(scenarios.starting())).toMatch(/◐ stream analytics.*◐ silver/)
    expect(flow(scenarios.failing())).toMatch(/▲ generator.*✗ event hub.*\? stream analytics.*✗ silver/)
  })

  it('shows how far a command has come, against what is usual', () => {
    expect(flow(scenarios.starting())).toMatch(/2 starting 64 s of ~90 s +3 starting/)
    const state = scenarios.starting()
    const command = { kind: 'start', startedAt: state.now - 11 * 60_000, usualMs: 12 * 60_000 } as const
    const aggregate = { ...state.stages.aggregate, state: 'starting', command } as const
    expect(flow({ ...state, stages: { ...state.stages, aggregate } })).toMatch(/ 11\/12 min *$/m)
  })

  it('tells the word of the service beside ours, quieter', () => {
    const state = scenarios.allStopped()
    const gold = { ...state.stages.gold, providerStatus: 'USER_CANCELED' }
    const silver = { ...state.stages.silver, providerStatus: 'TERMINATED FAILED' }
    const stages = { ...state.stages, silver, gold }
    expect(flow({ ...state, stages }, 80)).toMatch(/3 stopped[\s\S]*TERMINATED.* +USER_CANC/)
    expect(flow({ ...state, stages }, 200)).toMatch(/3 stopped TERMINATED FAILED +4 stopped USER_CANCELED/)
  })

  it('is whole at 80 columns, with short names', () => {
    const text = flow(scenarios.allRunning(), 80)
    expect(text).toMatch(
      /● gen ━*120━*▶ ● hub ━*120━*▶ ● asa ━*119━*▶ ● silver ━*116━*▶ ● gold ━*116━*▶ ● agg/,
    )
    expect(text).toMatch(
      /1 running +running +2 running +3 running +4 running +5 running[\s\S]* 5 % dirty +╰▶ rej 2 +╰▶ quarantine 174[\s\S]*InProgress/,
    )
  })
})

describe('panels', () => {
  it('event rate: a filled chart of one column a second on a round axis, the last value, sent beside it, marks of what was pressed', () => {
    const text = draw(scenarios.allRunning())
    expect(text).toMatch(/150 ┤/)
    expect(text).toMatch(/▲ +−20 s +−10 s +now/)
    expect(text).toMatch(/▇ acknowledged 7,212 +· sent 7,214 +waiting 2/)
    expect(draw(scenarios.failing())).toContain(' back-pressure ')
  })

  it('event rate: one second later everything stands one column further to the left', () => {
    const chart = (values: readonly number[]) => {
      const state = scenarios.allRunning()
      const generator = { ...state.generator, sentPerSecond: values, acknowledgedPerSecond: values }
      return draw({ ...state, generator })
        .split('\n')
        .slice(7, 13)
        .map((row) => row.slice(10, 49))
    }
    const values = Array.from({ length: 100 }, (_, second) => (second % 13) * 10)
    const before = chart(values)
    const after = chart([...values, 40])
    for (const [row, text] of after.slice(0, 4).entries())
      expect(text.slice(0, 34)).toBe(before[row]?.slice(1, 35))
  })

  it('partitions: sequence numbers, rate, share, backlog, last enqueued, and their sum', () => {
    const text = draw(scenarios.allRunning())
    expect(text).toMatch(/# +sequence +rate\/s +share +backlog +last/)
    expect(text).toMatch(/1 +1,810 +30 +━+─+ +25 % +0 +0\.1 s/)
    expect(text).toMatch(/all +7,214 +120 +0/)
  })

  it('stream analytics: state, delay, backlog, rates, errors, streaming units', () => {
    const text = draw(scenarios.degraded())
    expect(text).toMatch(/▲ Degraded/)
    expect(text).toContain('Input of partition 3 is retried')
    expect(text).toMatch(/backlog +48,210/)
    expect(draw(scenarios.allRunning())).toMatch(/errors +2 +2 not JSON/)
    expect(draw(scenarios.allRunning())).toMatch(/units +1 · 18 % +[▁-▇]+/)
  })

  it('lake: files, bytes, rows, their growth, freshness and a sparkline for each layer', () => {
    const text = draw(scenarios.allRunning())
    expect(text).toMatch(/bronze +752 +2\.2 MB +7,208 +119 +36\.4 KB +0\.8 s +[▁-▇]+/)
    expect(text).toMatch(/aggregated +1 +6\.2 KB +12 +0 +0 B +2\.0 s/)
    expect(draw(scenarios.failing())).toMatch(/✗ silver +96 +655\.4 KB +7,012 +silver\/weather: HTTP 503/)
  })

  it('databricks: state, run id, duration, last batch, rate, and how runs have ended', () => {
    const text = draw(scenarios.allRunning())
    expect(text).toMatch(/silver +● RUNNING +41873 +00:11:40 +#689 +118 +0\.3 s/)
    expect(text).toMatch(/runs +silver ✓ ✗ ✓ ● +gold ●/)
    expect(draw(scenarios.starting())).toMatch(/silver +starting, 4 min of about 4 min: Waiting for cluster/)
  })

  it('synapse: state, run, result, warmest and coldest', () => {
    const text = draw(scenarios.allRunning())
    expect(text).toMatch(/● InProgress +run 7c1e2f0a +for 00:10:58/)
    expect(text).toMatch(/warmest +Aswan +34\.1 °C +n 611/)
    expect(text).toMatch(/coldest +Tromsø +−6\.2 °C/)
  })

  it('events: readings, and why one was refused', () => {
    const text = draw(scenarios.allRunning())
    expect(text).toMatch(/12:31:10\.9 station-00017 Cairo +21 °C +48 %/)
    expect(text).toMatch(/station-00008 ✗ city is missing/)
    expect(draw(scenarios.allRunning(), {}, 200, 60)).toMatch(
      /station-00008 – +11 °C +64 % +✗ city is missing/,
    )
  })

  it('log: level by glyph, newest last', () => {
    const text = draw(scenarios.failing())
    expect(text).toMatch(/12:30:40 +you +Dirty data is on: 5 %/)
    expect(text).toMatch(/▲ hub +ServerBusy once[\s\S]*✗ silver +TERMINATED FAILED/)
  })

  it('databricks: each run with its batch rate, and how it ended in one word', () => {
    const state = scenarios.allRunning()
    const words = 'TERMINATED USER_CANCELED'
    const gold = { ...state.stages.gold, state: 'stopped', providerStatus: words } as const
    const text = draw({ ...state, stages: { ...state.stages, gold } })
    expect(text).toMatch(/rows +took +row\/s/)
    expect(text).toMatch(/silver +● RUNNING +41873 +00:11:40 +#689 +118 +0\.3 s +116 /)
    expect(text).toMatch(/gold +○ CANCELED /)
    expect(draw({ ...state, stages: { ...state.stages, gold } }, {}, 200, 60)).toContain(`○ ${words}`)
  })

  it('synapse: what there is no room for goes, nothing is cut', () => {
    const state = scenarios.allRunning()
    const { batch } = state.stages.aggregate
    const readings = 9_999_999
    const slow = { ...batch, durationMs: 119_000 } as typeof batch
    const stages = { ...state.stages, aggregate: { ...state.stages.aggregate, batch: slow } }
    const aggregate = {
      ...state.aggregate,
      readings,
      cities: state.aggregate.cities.map((city) => ({ ...city, readings })),
    }
    const text = draw({ ...state, aggregate, stages })
    expect(text).toMatch(/result of 12:31:\d\d {2}9,999,999 readings +│/)
    expect(text).toMatch(/warmest Aswan +34\.1 °C {2}n 9,999,999 +│/)
  })

  it('events: a reading without a city, not yet refused, keeps its columns', () => {
    const state = scenarios.allRunning()
    const events = state.events.map((event) => ({ ...event, city: '', reasons: [] }))
    expect(draw({ ...state, events })).toMatch(/station-00093 – {18}3 °C {2}71 % │/)
  })

  it('events: where there is little room, the reason goes before the city', () => {
    const state = scenarios.allRunning()
    const reasons = ['temperature out of range']
    const events = state.events.map((event) => ({ ...event, city: 'Amsterdam', reasons }))
    expect(draw({ ...state, events })).toMatch(/station-00093 ✗ temperature out of range +│/)
    expect(draw({ ...state, events }, {}, 140)).toMatch(
      /station-00093 Amsterdam ✗ temperature out of range +│/,
    )
  })

  it('event rate: a steady rate is a straight line, a burst stays sharp', () => {
    const chart = (values: readonly number[]) =>
      chartLines([{ values, token: 'series1' }], { width: 60, height: 7, isTimed: true }).map(plainText)
    const steady = chart(Array.from({ length: 60 }, (_, second) => 10 + ((second * 7) % 3) - 1))
    // One height all along: no row holds two kinds of block.
    for (const row of steady.slice(0, -1))
      expect(new Set(row.replace(/[^▁-█]/g, '')).size).toBeLessThanOrEqual(1)
    expect(steady.join('\n')).toMatch(/◂(9\.\d|10)\s/)
    const burst = chart([...Array<number>(30).fill(10), 100, ...Array<number>(9).fill(10)])
    expect(burst.find((row) => /[▁-█]/.test(row))?.match(/[▁-█]/g)).toHaveLength(1)
  })

  it('event rate: scrolled back in time, the axis says so', () => {
    const state = scenarios.allRunning()
    expect(draw(state, { chartAt: state.now - 150_000 })).toMatch(/−2:40 +−2:30/)
  })

  it('event rate: the axis of time keeps to one unit', () => {
    const axis = (back: number) =>
      plainText(
        chartLines([{ values: Array<number>(300).fill(1), token: 'series1' }], {
          width: 60,
          height: 7,
          isTimed: true,
          back,
        }).at(-1) ?? [],
      )
    expect(axis(30)).toMatch(/−60 s +−50 s +−40 s +−30 s$/)
    expect(axis(97)).toMatch(/−2:07 +−1:57 +−1:47 +−1:37$/)
    expect(axis(3600)).toMatch(/−60:20 +−60:10 +−60:00$/)
  })

  it('event rate: a label stands in the row in which a column of its height ends', () => {
    const chart = (last: number, height: number) =>
      chartLines(
        [{ values: [100, ...Array<number>(7).fill(0), ...Array<number>(14).fill(last)], token: 'series1' }],
        {
          width: 40,
          height,
          isTimed: false,
        },
      ).map(plainText)
    const labelled = (rows: readonly string[]) =>
      rows.flatMap((row, index) => {
        const label = Number(/^ *([\d.]+) ┤/.exec(row)?.[1] ?? Number.NaN)
        return label > 0 && label <= 100 ? [{ label, index }] : []
      })
    let seen = 0
    for (let height = 3; height <= 20; height++)
      for (const { label, index } of labelled(chart(100, height))) {
        seen++
        expect({ height, label, row: chart(label, height).findIndex((row) => /[▁-█]◂/.test(row)) }).toEqual({
          height,
          label,
          row: index,
        })
      }
    expect(seen).toBeGreaterThan(18)
  })

  it('80×24 keeps the strip, one chart, the lake and the newest line of the log', () => {
    const text = draw(scenarios.allRunning(), {}, 80, 24)
    expect(text).toMatch(/160 ┤/)
    expect(text).toMatch(/bronze[\s\S]*silver[\s\S]*gold/)
    expect(text).toContain('ServerBusy once')
  })
})

it('a layer that cannot be read has its whole name, and its numbers stand below their heads', () => {
  const state = scenarios.allRunning()
  const layers = Object.fromEntries(
    Object.entries(state.lake.layers).map(([name, layer]) => [
      name,
      { ...layer, files: 12_345, error: 'nobody is signed in' },
    ]),
  ) as typeof state.lake.layers
  for (const columns of [60, 100]) {
    const text = draw({ ...state, lake: { ...state.lake, layers } }, { focused: 'lake' }, columns, 50)
    for (const name of ['bronze', 'quarantine', 'by minute', 'aggregated'])
      expect(text, `${columns}`).toMatch(new RegExp(`│ ✗ ${name} +12k +\\d`))
    const [head = '', row = ''] = ['│ layer ', '│ ✗ quarantine '].map((start) =>
      text.split('\n').find((line) => line.startsWith(start)),
    )
    expect(row.indexOf('12k') + 3).toBe(head.indexOf('files') + 5)
  }
})

it('marks in the header stay whole where the window is narrow', () => {
  const top = (state: AppState, isFrozen: boolean, columns: number) =>
    draw(state, { isFrozen }, columns, 20).split('\n')[0]
  expect(top(scenarios.readOnly(), false, 60)).toMatch(/ read-only +ledger ✓ 38 in flight/)
  expect(top(scenarios.readOnly(), true, 60)).toMatch(/ read-only +frozen +ledger ✓ 38 in flight/)
  expect(top(scenarios.allRunning(), true, 66)).toMatch(/ frozen, p goes on +ledger ✓ 38 in flight/)
  expect(top(scenarios.allRunning(), false, 60)).toMatch(/local +00:12:31 +ledger/)
})

describe('presenter mode', () => {
  it('writes the whole of why a stage has failed, and never that nothing is lost while something is', () => {
    const failing = scenarios.failing()
    const why = failing.stages.silver.detail ?? ''
    const flat = draw(failing, { isPresenting: true }, 80, 24).replaceAll(/\s+/g, ' ')
    expect(why.length).toBeGreaterThan(60)
    expect(flat).toContain(why)
    const running = scenarios.allRunning()
    const lost = { ...running, ledger: { ...running.ledger, lost: 3 } }
    const text = draw(lost, { isPresenting: true }, 80, 24)
    expect(text).not.toContain('nothing is lost')
    expect(text).toContain('readings are missing')
  })

  it('cuts no number where the window is narrow', () => {
    for (const columns of [60, 66, 72, 79]) {
      const text = draw(scenarios.huge(), { isPresenting: true }, columns, 28)
      expect(text, `${columns}`).toMatch(/events a second +created→gold p95 of 60 s *\n/)
      expect(text, `${columns}`).not.toMatch(/█…/)
    }
    expect(draw(scenarios.allRunning(), { isPresenting: true }, 60, 20)).toMatch(/events a second/)
  })

  it('has the strip, large digits and one line that says what happens, at 80×24 and beyond', () => {
    for (const [columns, rows] of [
      [80, 24],
      [120, 40],
      [200, 60],
    ] as const) {
      const text = draw(scenarios.allRunning(), { isPresenting: true }, columns, rows)
      expect(text).toMatch(/● gen/)
      expect(text).toMatch(/(?:██████){1,2} {2,4}(?:██████){1,2}/)
      expect(text).toMatch(/events a second +created→gold p95 of 60 s +waiting/)
      expect(text).toMatch(/in quarantine +lost/)
      expect(text).toContain('Bad readings go to quarantine')
      expect(text).not.toContain('╭ log')
    }
    expect(draw(scenarios.failing(), { isPresenting: true }, 80, 24)).toMatch(/✗ silver has failed/)
  })

  it('shows unknown as a dash, never as a zero', () => {
    const before = scenarios.beforeConnect()
    const text = draw(before, { isPresenting: true }, 80, 24)
    // Five numbers, each of them a dash.
    expect(text.match(/[█▀▄]+/g)).toEqual(Array(5).fill('██████'))
    expect(text).toMatch(/╰▶ rej – +╰▶ quarantine –/)
    expect(text).toContain('Connecting')
    expect(text).not.toContain('Nothing runs')
    // The hub is known and the lake is not: nothing is known of what is lost.
    const connected = { ...scenarios.allStopped(), lake: before.lake }
    const tiles = draw(connected, { isPresenting: true }, 80, 24)
    expect(tiles.slice(tiles.indexOf('in quarantine')).match(/[█▀▄]+/g)).toEqual(Array(2).fill('██████'))
    expect(tiles).toContain('Nothing runs: a starts all stages.')
  })
})

describe('zoomed', () => {
  const zoom = (focused: ViewState['focused'], state = scenarios.allRunning(), columns = 120) =>
    draw(state, { focused, isZoomed: true }, columns, 40)

  it('ledger: who sent some of them, beside where there is no room for a line each', () => {
    const running = scenarios.allRunning()
    const state = { ...running, ledger: { ...running.ledger, audience: 42, typed: 3 } }
    expect(draw(state, { focused: 'ledger', isZoomed: true }, 120, 40)).toMatch(
      /acknowledged +[\d,]+.*\n.* audience +42 +of them, by phones.*\n.* typed +3 +of them, by you/,
    )
    expect(draw(state, {}, 170, 52)).toMatch(/audience 42 +typed 3/)
    expect(draw(running, { focused: 'ledger', isZoomed: true }, 120, 40)).not.toContain('typed')
  })

  it('ledger: hop by hop, and the five assertions', () => {
    const text = zoom('ledger')
    expect(text).toMatch(/acknowledged +7,212/)
    expect(text).toMatch(/silver +7,012 +22 +quarantined 174 +duplicates 0/)
    expect(text).toMatch(/✓ rate +119\/s +≥ 90 % of 120\/s/)
    expect(text).toMatch(/✓ latency p95 +1\.4 s +≤ 15 s/)
    for (const name of ['duplicates', 'out of sequence', 'missing'])
      expect(text).toMatch(new RegExp(`✓ ${name} +0`))
    expect(zoom('ledger', scenarios.failing())).toMatch(/✗ missing +17[\s\S]*are in no table/)
  })

  it('event rate: stations, dirty data by kind, buffer', () => {
    expect(zoom('rate')).toMatch(/dirty data +5 %[\s\S]*blank city 60[\s\S]*2 of at most 20,000/)
    const state = scenarios.allRunning()
    const corrupted = Object.fromEntries(CORRUPTION_KINDS.map((kind) => [kind, 1_234_567])) as Record<
      CorruptionKind,
      number
    >
    for (const columns of [80, 120, 200]) {
      const text = zoom('rate', { ...state, generator: { ...state.generator, corrupted } }, columns)
      const plain = text.replaceAll(/[│\s]+/g, ' ')
      for (const kind of CORRUPTION_KINDS) expect(plain, `${columns}`).toContain(`${kind} 1,234,567`)
    }
  })

  it('event hub: what each partition holds', () => {
    expect(zoom('hub')).toMatch(/partition +first +last +held[\s\S]*0 +0 +1,803 +1,804/)
  })

  it('databricks: the history of runs, with their errors', () => {
    expect(zoom('databricks')).toMatch(
      /✗ 41862 +\d\d:\d\d:\d\d +00:00:45 +TERMINATED FAILED[\s│]+Batch 12: disk full/,
    )
  })

  it('databricks: the present run is as old as its stage, whatever the clock says', () => {
    const state = scenarios.allRunning()
    const run = {
      runId: 'now',
      outcome: undefined,
      providerStatus: 'RUNNING',
      startedAt: new Date(state.now + 86_400_000),
    }
    const silver = {
      ...state.stages.silver,
      runId: 'now',
      since: state.now - 61_000,
      history: [run as never],
    }
    const shown = zoom('databricks', { ...state, stages: { ...state.stages, silver } })
    expect(shown).toMatch(/now +\d\d:\d\d:\d\d +00:01:01 +RUNNING/)
  })

  it('synapse: every city, warmest first', () => {
    expect(zoom('synapse')).toMatch(/Aswan[\s\S]*São Paulo[\s\S]*Tromsø/)
  })

  it('rate: the legend is never cut; where there is little room, what was sent goes', () => {
    const { generator, ...state } = scenarios.allRunning()
    const many = { ...generator, acknowledged: 1_234_567, sent: 1_234_568, buffered: 1 }
    for (const width of [40, 44, 50, 56, 76]) {
      const context = { state: { ...state, generator: many }, width, height: 10, isZoomed: false, filter: '' }
      const { lines } = ratePanel({ ...context, chartAt: undefined, logSource: 'all', scroll: 0 })
      const legend = plainText(lines.at(-1) ?? [])
      expect(legend).toMatch(/acknowledged 1,234,567( {3}· sent 1,234,568)? {3}waiting 1$/)
      expect(textWidth(legend), legend).toBeLessThanOrEqual(width)
      expect(legend.includes('sent')).toBe(width > 60)
    }
  })

  it('what is typed is shown without what terminals disagree about, or would obey', () => {
    const text = 'Oslo 🌧\ufe0f\u200b\x9b31m'
    const views: readonly Partial<ViewState>[] = [
      { question: { kind: 'own', parts: [text, '', ''], at: 0 } },
      { question: { kind: 'sql', text } },
      { question: { kind: 'phone', text } },
      { isFiltering: true, filter: text },
      { filter: text, focused: 'log' },
      { overlay: 'help', palette: { query: text, isTyping: true, chosen: 0 } },
      { toast: { text, isRefusal: false, at: scenarios.allRunning().now } },
    ]
    for (const view of views) {
      const shown = draw(scenarios.allRunning(), view)
      expect(shown, JSON.stringify(view)).toContain('Oslo 🌧 31m')
      expect(shown, JSON.stringify(view)).not.toMatch(/[\ufe0f\u200b\x80-\x9f]/)
    }
  })

  it('an empty log names the keys that act', () => {
    const state = { ...scenarios.allStopped(), log: [] }
    expect(draw(state)).toContain('│ a starts all stages, ? shows every key')
    const readOnly = draw({ ...state, session: { ...state.session, readOnly: true } })
    expect(readOnly).toContain('│ ? shows every key')
    expect(readOnly).not.toContain('starts all')
  })

  it('log: long lines in full', () => {
    const state = scenarios.allRunning()
    const message = `${'word '.repeat(60)}the end`
    const log = [...state.log, { at: state.now, level: 'error' as const, source: 'gold', message }]
    expect(draw({ ...state, log })).not.toContain('the end')
    expect(zoom('log', { ...state, log })).toContain('the end')
  })

  it('endpoints: no name, however long, runs into its address', () => {
    for (const width of [76, 116]) {
      const state = scenarios.allRunning()
      const names = ['hub', 'Event Hubs (TLS, bearer token)', 'x'.repeat(90)]
      const endpoints = names.map((name) => ({ name, value: 'sb://localhost:5671' }))
      const lines = endpointLines({ ...state, endpoints }, width).map(plainText)
      for (const line of lines.slice(0, names.length)) {
        expect(line).toMatch(/\S {2,}sb:\/\/localhost:5671$/)
        expect(line.length).toBeLessThanOrEqual(width)
      }
      expect(lines[1]).toContain(names[1])
    }
  })

  it('endpoints: addresses, data folder, log file; and how to get at the secrets', () => {
    const text = draw(scenarios.allRunning(), { overlay: 'endpoints' })
    expect(text).toMatch(
      /Event Hubs +Endpoint=sb:[\s\S]*data folder[\s\S]*log file[\s\S]*rtstream-tui endpoints/,
    )
  })
})

describe('age', () => {
  it('stands beside every number that is stale', () => {
    const text = draw(scenarios.stale())
    expect(text).toMatch(/event hub .*95 s old/)
    expect(text).toMatch(/stream analytics .*95 s old/)
    expect(text).toMatch(/lake .*95 s old/)
    expect(text).toMatch(/databricks .*95 s old/)
    expect(text).toMatch(/synapse .*95 s old/)
    expect(text.split('\n')[4]).toMatch(/95 s old.*95 s old.*95 s old.*95 s old/)
    expect(draw(scenarios.allRunning())).not.toMatch(/ old/)
  })
})

describe('what to press', () => {
  it('stands in the empty chart as long as nothing runs', () => {
    for (const [columns, rows] of [
      [80, 24],
      [120, 40],
      [200, 60],
    ] as const)
      expect(draw(scenarios.allStopped(), {}, columns, rows)).toContain('Nothing runs: a starts all stages.')
    const readOnly = { ...scenarios.allStopped() }
    readOnly.session = { ...readOnly.session, readOnly: true }
    expect(draw(readOnly)).toMatch(/Nothing runs\. (?!.*a starts)/)
    for (const other of ['beforeConnect', 'allRunning', 'starting', 'balanced', 'stale'] as const)
      expect(draw(scenarios[other]()), other).not.toContain('Nothing runs')
  })

  it('the footer has just the keys that act', () => {
    expect(footer(scenarios.allStopped())).toMatch(/1–5 start\/stop {2}a all {2}\+\/− rate/)
    expect(footer(scenarios.allStopped())).not.toMatch(/x stop|b burst/)
    expect(footer(scenarios.allRunning())).toMatch(/1–5 start\/stop {2}x stop/)
    expect(footer(scenarios.allRunning(), {}, 200)).toContain('b burst')
    expect(footer(scenarios.allStopped(), {}, 200)).not.toContain('b burst')
    expect(footer(scenarios.readOnly())).toMatch(/^ tab panel .*q quit/)
    expect(footer(scenarios.beforeConnect())).toMatch(/^ 1–5 start\/stop {2}a all {2}tab panel .*q quit/)
    expect(footer(scenarios.allRunning(), { isFrozen: true })).toContain('p go on')
    expect(footer(scenarios.allRunning(), { isZoomed: true })).toMatch(/^ esc back (?!.*enter zoom)/)
    expect(footer(scenarios.allRunning(), { focused: 'log' })).not.toContain('scroll')
    expect(footer(scenarios.huge(), { focused: 'hub' })).toContain('↑↓ scroll')
    expect(footer(scenarios.allRunning(), { focused: 'log', scroll: { log: 2 } })).toContain('f follow')
  })

  it('a question’s answers stand in the footer too, and nothing else', () => {
    expect(footer(scenarios.allRunning(), { question: { kind: 'stopAll' } })).toBe(
      ' y stop all  n keep them running',
    )
    expect(footer(scenarios.allRunning(), { question: { kind: 'stations', text: '' } })).toBe(
      ' enter set  esc leave it',
    )
  })
})

describe('lists of which a letter takes one', () => {
  it('name those letters in the footer, not what they mean elsewhere', () => {
    expect(footer(scenarios.allRunning(), { overlay: 'faults' })).toBe(' esc back  a–n break  ? help  q back')
    const lesson = { name: 'one', title: 'One in 15 minutes', minutes: 15, steps: 3 }
    const state = { ...scenarios.allRunning(), lessons: [lesson, { ...lesson, name: 'two', title: 'Two' }] }
    expect(footer(state, { overlay: 'lessons' })).toBe(' esc back  a–b begin  ? help  q back')
    const text = draw(state, { overlay: 'lessons' }, 80, 24)
    expect(text).toMatch(/One in 15 minutes +│/)
    expect(text).toMatch(/Two +15 minutes/)
  })

  it('say at 80 columns in full what they are for', () => {
    const text = draw(scenarios.allRunning(), { overlay: 'faults' }, 80, 24)
    expect(text).toMatch(/lost: that is the lesson\. +│/)
  })
})

describe('a lesson at 80×24', () => {
  const words =
    'Nothing runs yet. Offline the services are those of this machine, and they cost nothing at all. '
  const state: AppState = {
    ...scenarios.allRunning(),
    lesson: {
      name: 'one',
      title: 'One',
      index: 0,
      count: 9,
      heading: 'The picture',
      caption: `${words.repeat(3)}The end.`,
      press: 'a',
      question: undefined,
      options: [],
      bet: undefined,
      answer: undefined,
      isSeen: false,
      say: undefined,
      isPaused: false,
    },
  }

  it('tells its step in full, above the strip and a panel', () => {
    const text = draw(state, {}, 170, 52)
    expect(text).toMatch(/The end\.[\s\S]*press +a[\s\S]*● gen[\s\S]*╭ event rate/)
    expect(draw(state, { isZoomed: true, focused: 'log' }, 80, 24)).toMatch(/The end\.[\s\S]*╭ log/)
  })

  it('says what to press in the smallest window too', () => {
    const text = draw(state, {}, 60, 20)
    expect(text).toMatch(/lesson.*\n Nothing runs yet[\s\S]* press a[\s\S]*● generator[\s\S]*● aggregate/)
  })

  it('draws no half of a row of digits in presenter mode', () => {
    const text = draw(state, { isPresenting: true }, 80, 24)
    expect(text).toContain('events a second')
    expect(text).not.toContain('in quarantine')
  })
})

describe('the room for phones', () => {
  const url = 'http://192.168.100.100:39747/MKBYBSMHFB/'
  const room = (names: readonly string[] = []) => ({
    ...scenarios.allRunning(),
    audience: {
      phase: 'open' as const,
      addresses: [],
      url,
      code: 'MKBYBSMHFB',
      qr: qrRows(url),
      phones: names.length,
      connected: names.length,
      names,
      acknowledged: 1234,
      rate: 2,
      senders: [],
      rules: { isMischiefAllowed: true, readingsPerSecond: 5, isPaused: false, hasOwnNames: false },
    },
  })

  it('shows its code, its address and who is there at 80×24, without scrolling', () => {
    const text = draw(room(['Ada']), { overlay: 'audience' }, 80, 24)
    for (const row of qrRows(url)) expect(text).toContain(row)
    for (const shown of [url, '1 of 1 phone is here, 2.0/s', '1,234 readings', 'A closes it', 'Ada'])
      expect(text).toContain(shown)
    expect(text).not.toContain('↑↓')
  })

  it('puts them under the code where nothing has room beside it', () => {
    const text = draw(room(), { overlay: 'audience' }, 60, 40)
    expect(text).toMatch(/▀ +│\n│ +│\n│ +│\n│ +│\n│ scan, or type/)
    expect(text).toContain(url)
  })
})

describe('wide characters', () => {
  it('are cut at the right column, and frames stay straight', () => {
    const text = draw(scenarios.wideCharacters(), {}, 200, 60)
    expect(text).toMatch(/東京都千代田区/)
    expect(text).toContain('Llanfairpwllg…')
    expect(text).toContain('👩 base')
  })
})

describe('filter', () => {
  it('leaves what matches in log and events, and says so', () => {
    const text = draw(scenarios.allRunning(), { filter: 'OSLO' })
    expect(text).toMatch(/Oslo/)
    expect(text).not.toMatch(/station-00041/)
    expect(text).toMatch(/events .*\/OSLO/)
    expect(text).toContain('nothing matches “OSLO”')
  })
})
