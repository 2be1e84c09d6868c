/** What `run` says each second, in a terminal that is read by an emulator, and in lines. */
import xterm from '@xterm/headless'
import { describe, expect, it } from 'vitest'
import { progressJson, progressLine } from '../../../src/commands/progress/text.ts'
import { progressView } from '../../../src/commands/progress/view.ts'
import type { AppState } from '../../../src/pipeline/state/state.ts'
import { scenarios } from '../../support/scenario.ts'

const at = (state: AppState, elapsedSeconds = 12) => ({ state, elapsedSeconds })

describe('on a terminal', () => {
  function open(columns: number, rows = 24) {
    const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true })
    const stdout = { isTTY: true as const, columns, getColorDepth: () => 24 }
    const pending: Promise<void>[] = []
    const write = (text: string) =>
      void pending.push(new Promise<void>((done) => terminal.write(text, () => done())))
    const view = progressView({
      json: false,
      isAscii: false,
      lastsMs: 30_000,
      write,
      stdout,
      env: { COLORFGBG: '15;0' },
    })
    const text = async () => {
      await Promise.all(pending)
      const { active } = terminal.buffer
      return Array.from(
        { length: active.length },
        (_, row) => active.getLine(row)?.translateToString(true) ?? '',
      )
    }
    const resize = (width: number) => {
      stdout.columns = width
      terminal.resize(width, rows)
    }
    return { view, write, text, resize }
  }

  it.each([60, 80, 120])('draws one table over the one before, %i columns wide', async (columns) => {
    const { view, write, text } = open(columns)
    write('$ rtstream-tui run\n')
    view.show(at(scenarios.starting(), 3))
    view.show(at(scenarios.allRunning(), 12))
    view.end()
    write('The ledger after 12 s\n')
    const lines = await text()
    const shown = lines.filter((line) => line !== '')
    expect(shown[0]).toBe('$ rtstream-tui run')
    expect(shown.filter((line) => line.startsWith('stage '))).toHaveLength(1)
    expect(shown[1]).toMatch(/^12 s, with readings for 30 s/)
    expect(shown.find((line) => line.startsWith('silver'))).toMatch(/silver .*7,012 +22/)
    expect(shown.find((line) => line.startsWith('ledger'))).toContain('✓ 38 in flight')
    expect(shown.at(-1)).toBe('The ledger after 12 s')
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(columns)
  })

  it('shows dashes for what nobody has read', async () => {
    const { view, text } = open(80)
    view.show(at(scenarios.beforeConnect(), 1))
    const lines = (await text()).join('\n')
    expect(lines).toMatch(/silver +\? unknown +– +– +–/)
    expect(lines).toContain('– not read yet')
    expect(lines).not.toMatch(/ 0(\/s)?\b(?! s)/)
  })

  it('keeps one table when the window becomes narrower and wider again', async () => {
    const { view, text, resize } = open(100)
    view.show(at(scenarios.allRunning(), 1))
    await text()
    resize(66)
    view.show(at(scenarios.allRunning(), 2))
    await text()
    resize(110)
    view.show(at(scenarios.allRunning(), 3))
    const lines = await text()
    expect(lines.filter((line) => line.startsWith('stage '))).toHaveLength(1)
    expect(lines.join('\n')).toContain('3 s, with readings for 30 s')
  })
})

describe('elsewhere', () => {
  it.each([
    ['a pipe', { isTTY: false as const, columns: 80 }, {}],
    ['a terminal that cannot be drawn on', { isTTY: true as const, columns: 80 }, { TERM: 'dumb' }],
    ['a window too narrow for a table', { isTTY: true as const, columns: 40 }, {}],
  ])('a line a second goes to %s, without any escape sequence', (_, stdout, env) => {
    const written: string[] = []
    const view = progressView({
      json: false,
      isAscii: false,
      lastsMs: 30_000,
      write: (text) => written.push(text),
      stdout: stdout as never,
      env,
    })
    view.show(at(scenarios.allRunning()))
    view.end()
    expect(written).toEqual([
      '  12 s  120/s  acknowledged 7,212  bronze 7,208  silver 7,012  gold 7,012  aggregated 7,000\n',
    ])
  })

  it('tells few events a second as they are, and not as none', () => {
    const state = scenarios.allRunning()
    const slow = { ...state, hub: { ...state.hub, rate: 0.1 } }
    expect(progressLine(at(slow))).toContain(' 0.1/s ')
    expect(JSON.parse(progressJson(at(slow))).ratePerSecond).toBe(0.1)
  })

  it('says what is not known as a dash, and as null in JSON', () => {
    const state = scenarios.beforeConnect()
    expect(progressLine(at(state))).toContain('–/s  acknowledged –  bronze –  silver –  gold –  aggregated –')
    expect(progressLine(at(state))).toContain('stream analytics unknown')
    const { ratePerSecond, ledger } = JSON.parse(progressJson(at(state)))
    expect(ratePerSecond).toBeNull()
    expect(new Set(Object.values(ledger))).toEqual(new Set([null, 'unknown']))
    expect(JSON.parse(progressJson(at(scenarios.allRunning()))).ledger).toMatchObject({
      acknowledged: 7212,
      lost: 0,
      verdict: 'flowing',
    })
  })
})
