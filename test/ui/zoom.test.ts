/** A zoomed panel fills its room with what it knows, and its rows open: partitions, commits, files, runs, one stage's log. */
import { describe, expect, it } from 'vitest'
import { screenLines } from '../../src/ui/app/screen-lines.ts'
import { chooseSource } from '../../src/ui/input/view-keys.ts'
import { initialView, type ViewState } from '../../src/ui/input/view-state.ts'
import type { PanelId } from '../../src/ui/layout.ts'
import { plainText } from '../../src/ui/text/line.ts'
import { scenarios } from '../support/scenario.ts'

const zoom = (
  focused: PanelId,
  more: Partial<ViewState> = {},
  state = scenarios.allRunning(),
  size = [120, 40],
) => {
  const view = { ...initialView, focused, isZoomed: true, ...more }
  const { lines, details, texts, scrollable } = screenLines(state, view, size[0] as number, size[1] as number)
  const opened = (text: string | RegExp) => details[texts.findIndex((line) => line.search(text) >= 0)]
  return { text: lines.map(plainText).join('\n'), opened, scrollable }
}

describe('event hub', () => {
  it('shows each partition over time, who reads and how far behind, and the hub’s chart', () => {
    const { text, opened } = zoom('hub')
    expect(text).toMatch(/events\/s by look/)
    expect(text.match(/^│ [0-3] .*[▁▂▃▄▅▆▇]{8}/gm)).toHaveLength(4)
    expect(text).toMatch(/the job, as bronze tells +running +– +0/)
    expect(text).toMatch(/dashboards +Kafka +2 +1,204 +partition 3: 1,200/)
    expect(text).toMatch(/all partitions {2}events\/s[\s\S]*now/)
    expect(opened(/^0 /)).toMatchObject({ title: 'partition 0' })
  })

  it('of a target that knows no groups shows the job alone, and what is not known as a dash', () => {
    const state = scenarios.allRunning()
    const partitions = state.hub.partitions.map((one) => ({ ...one, backlog: undefined, history: undefined }))
    const { text } = zoom('hub', {}, { ...state, hub: { ...state.hub, groups: undefined, partitions } })
    expect(text).toMatch(/the job, as bronze tells +running +– +–/)
    expect(text).not.toContain('dashboards')
  })

  it('of 32 partitions scrolls, with the consumers in sight', () => {
    const { text, scrollable } = zoom('hub', { scroll: { hub: 99 } }, scenarios.huge(), [80, 24])
    expect(scrollable).toBeGreaterThan(20)
    expect(text).toMatch(/│ 31 [\s\S]*consumers/)
  })
})

describe('lake', () => {
  it('lists the newest files and the commits of all tables, newest first, and each opens', () => {
    const { text, opened } = zoom('lake')
    expect(text).toMatch(/0\.8 s +9\.1 KB +weather\/2026\/11\/24\/12-31\/0_0/)
    expect(text).toMatch(
      /Delta commits[\s\S]*1\.1 s +silver +712 +STREAMING UPDATE +116 +\+1 +10\.4 KB +0\.2 s/,
    )
    expect(text).toMatch(/OPTIMIZE +1,044 +\+1 −9/)
    expect(opened(/silver +712/)).toMatchObject({
      title: 'commit 712 of silver',
      facts: expect.arrayContaining([
        ['micro-batch', '#689'],
        ['written by', 'rtstream-tui'],
      ]),
    })
    expect(opened(/0_00000000001780/)).toMatchObject({ title: 'file of bronze' })
    expect(opened(/^quarantine/)).toMatchObject({ title: 'quarantine' })
  })

  it('scrolls to the last commit, and a commit that says nothing of itself has dashes', () => {
    const state = scenarios.allRunning()
    const bare = { version: 0, operation: '', rows: undefined, addedFiles: 2, removedFiles: 0, bytes: 5 }
    const commit = { ...bare, at: undefined, batchId: undefined, durationMs: undefined, engine: undefined }
    const gold = { ...state.lake.layers.gold, commits: [commit] }
    const lake = { ...state.lake, layers: { ...state.lake.layers, gold } }
    const { text, scrollable } = zoom('lake', { scroll: { lake: 99 } }, { ...state, lake }, [80, 24])
    expect(scrollable).toBeGreaterThan(10)
    expect(text).toMatch(/– +gold +0 +– +– +\+2 +–/)
    const many = { ...commit, version: 7, addedFiles: 1, removedFiles: 1234 }
    const compacted = { ...lake, layers: { ...lake.layers, gold: { ...gold, commits: [many] } } }
    const after = zoom('lake', { scroll: { lake: 99 } }, { ...state, lake: compacted }, [80, 24])
    expect(after.text).toMatch(/gold +7 +– +– +\+1−1\.2k +/)
  })
})

describe('databricks', () => {
  it('draws how long batches took, and a run opens with its output', () => {
    const { text, opened } = zoom('databricks')
    expect(text).toMatch(/batches of silver {2}ms, the last 21[\s\S]*◂240[\s\S]*batches of gold[\s\S]*◂160/)
    expect(text).toMatch(/✓ 41871.*TERMINATED SUCCESS[\s\S]*"rows":61204/)
    expect(opened('41871')).toMatchObject({ title: 'run of silver', text: '{"batchId":655,"rows":61204}' })
    expect(opened('41862')?.facts).toContainEqual(['error', 'Batch 12: disk full'])
  })

  it('draws no chart where no batch is known', () => {
    expect(zoom('databricks', {}, scenarios.allStopped()).text).not.toContain('batches of')
  })
})

describe('log', () => {
  it('is narrowed to one stage by ← →, in a circle, and says how many lines each has', () => {
    let view: ViewState = { ...initialView, focused: 'log', isZoomed: true }
    const text = () => zoom('log', view).text
    expect(text()).toMatch(/all 5 .*silver 2 .*you 1/)
    for (let times = 0; times < 4; times++) view = chooseSource(view, 'right') as ViewState
    expect(view.logSource).toBe('silver')
    expect(text()).toMatch(/quarantined: city is missing/)
    expect(text()).not.toContain('ServerBusy')
    view = chooseSource(view, 'left') as ViewState
    expect(text()).toContain('nothing was said by analytics')
    for (let times = 0; times < 6; times++) view = chooseSource(view, 'right') as ViewState
    expect(view.logSource).toBe('all')
    expect(chooseSource({ ...view, isZoomed: false }, 'right')).toBeUndefined()
  })
})

it('the last line says what q does: back while something lies on top, quit at the top', () => {
  expect(zoom('lake').text).toMatch(/q back\s*$/)
  expect(zoom('lake', { isZoomed: false }).text).toMatch(/q quit\s*$/)
  for (const overlay of ['help', 'endpoints', 'table', 'trace'] as const)
    expect(zoom('lake', { isZoomed: false, overlay }).text).toMatch(/q back\s*$/)
})

it('at 80×24 the services’ words take no row for one word', () => {
  const rows = zoom('rate', { isZoomed: false }, scenarios.allRunning(), [80, 24]).text.split('\n')
  expect(rows[4]).toMatch(/quarantine 174 +InProgress/)
  expect(rows[5]).toMatch(/^╭ event rate/)
  const starting = zoom('rate', { isZoomed: false }, scenarios.starting(), [80, 24]).text.split('\n')
  expect(starting[5]).toMatch(/PENDING/)
})
