/** Addresses: links that a terminal can be clicked on (OSC 8), and `g`, which opens them where there is a desktop. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { linksOf } from '../../src/azure/resources/links.ts'
import type { AppState } from '../../src/pipeline/state/state.ts'
import { Screen } from '../../src/ui/app/screen.ts'
import { openLink } from '../../src/ui/ink/open-link.ts'
import { painter } from '../../src/ui/text/ansi.ts'
import { chooseTheme } from '../../src/ui/text/theme.ts'
import { AZURE_LINKS, onAzure, RUN_URL } from '../support/azure-links.ts'
import { type Bundle, bundle } from '../support/bundle.ts'
import { fakePipeline } from '../support/fake-pipeline.ts'
import { scenarios } from '../support/scenario.ts'
import { openTerminal } from '../support/terminal.ts'

const PORTAL = 'https://portal.azure.com/#@t/resource/subscriptions/s/resourceGroups/rg/providers'
it('each resource of a deployment has its page, and what is not known has none', () => {
  expect(AZURE_LINKS.map(({ opens, value }) => [opens, value])).toEqual([
    ['hub', `${PORTAL}/Microsoft.EventHub/namespaces/ns`],
    ['lake', `${PORTAL}/Microsoft.Storage/storageAccounts/lake`],
    ['streamAnalytics', `${PORTAL}/Microsoft.StreamAnalytics/streamingjobs/a%20job`],
    ['silver', 'https://adb-1.2.azuredatabricks.net/#job/list'],
    ['gold', 'https://adb-1.2.azuredatabricks.net/#job/list'],
    [
      'aggregate',
      'https://web.azuresynapse.net/en/monitoring/pipelineruns?workspace=%2Fsubscriptions%2Fs%2FresourceGroups%2Frg%2Fproviders%2FMicrosoft.Synapse%2Fworkspaces%2Fsyn',
    ],
  ])
  expect(linksOf({} as never)).toEqual([])
})

describe('g', () => {
  function open(state: AppState, keys: readonly string[]) {
    const opened: string[] = []
    const screen = new Screen({
      ...fakePipeline(state),
      paint: (line) => line.map(({ text }) => text).join(''),
      acceptCosts: false,
      onOpenLink: (url) => void opened.push(url) as undefined,
      onQuit: () => {},
      onHandOver: () => undefined,
    })
    screen.frame(120, 40)
    for (const key of keys) {
      screen.press([key])
      screen.frame(120, 40)
    }
    return { opened, foot: screen.frame(120, 40).rows.at(-1) ?? '' }
  }

  it.each([
    [['alt+2', 'g'], `${PORTAL}/Microsoft.EventHub/namespaces/ns`],
    [['alt+3', 'g'], `${PORTAL}/Microsoft.StreamAnalytics/streamingjobs/a%20job`],
    [['alt+4', 'j', 'return', 'g'], `${PORTAL}/Microsoft.Storage/storageAccounts/lake`],
    [['alt+5', 'j', 'j', 'g'], 'https://adb-1.2.azuredatabricks.net/#job/list'],
  ])('%j opens %s', (keys, url) => {
    const { opened, foot } = open(onAzure(scenarios.allRunning()), keys)
    expect(opened).toEqual([url])
    expect(foot).toContain('✓ Opens https://')
  })

  it('opens the page of the chosen run', () => {
    expect(open(onAzure(scenarios.allRunning()), ['alt+5', 'j', 'g']).opened).toEqual([RUN_URL])
  })

  it('says offline that nothing stands in a portal', () => {
    const { opened, foot } = open(scenarios.allRunning(), ['alt+3', 'g'])
    expect(opened).toEqual([])
    expect(foot).toContain('▲ Offline there is no portal: e lists the addresses of the local services.')
  })
})

describe('opening', () => {
  const desktop = { DISPLAY: ':0' }
  it('starts the desktop’s program, and says later when there is none', async () => {
    const launch = vi.fn(async (_url: string): Promise<unknown> => {
      throw new Error('spawn xdg-open ENOENT')
    })
    const onProblem = vi.fn()
    const url = 'https://portal.azure.com/#home'
    expect(openLink(url, { env: desktop, platform: 'linux', launch, onProblem })).toBeUndefined()
    expect(launch).toHaveBeenCalledWith(url)
    await vi.waitFor(() => expect(onProblem).toHaveBeenCalledWith(expect.stringContaining('ENOENT')))
  })

  it.each([
    ['over ssh', 'https://a.example/', {}, 'linux', /No desktop here/],
    ['on a Mac over ssh', 'https://a.example/', { SSH_CONNECTION: 'x' }, 'darwin', /No desktop here/],
    ['a command', 'sb://localhost:5672', desktop, 'linux', /Not an address/],
    ['a script', 'javascript:alert(1)', desktop, 'linux', /Not an address/],
    ['a word', 'weather', desktop, 'linux', /Not an address/],
  ] as const)('starts nothing: %s', (_, url, env, platform, reason) => {
    const launch = vi.fn(async () => {})
    expect(openLink(url, { env, platform, launch, onProblem: () => {} })).toMatch(reason)
    expect(launch).not.toHaveBeenCalled()
  })
})

describe('a link on the screen', () => {
  const paint = painter(chooseTheme('dark', 24, {}), false)
  it('wraps its text, and an address with anything odd in it is text alone', () => {
    expect(paint([{ text: 'portal', link: 'https://a.example/?b=c' }])).toBe(
      '\x1b]8;;https://a.example/?b=c\x1b\\portal\x1b]8;;\x1b\\',
    )
    for (const link of ['https://a.example/\x1b]0;x\x07', 'https://a b', 'https://é'])
      expect(paint([{ text: 'portal', link }])).toBe('portal')
    const console = painter(chooseTheme('dark', 24, {}), false, false)
    expect(console([{ text: 'portal', link: 'https://a.example/' }])).toBe('portal')
  })

  let program: Bundle
  beforeAll(async () => {
    program = await bundle('test/support/control-room.ts')
  })
  afterAll(() => program.remove())

  /** A desktop whose browser notes what it is given, a line each. */
  function desktop() {
    const folder = mkdtempSync(join(tmpdir(), 'rtstream-test-'))
    const note = join(folder, 'opened')
    writeFileSync(note, '')
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$1" >> ${note}\n`, { mode: 0o755 })
    return {
      env: { DISPLAY: ':0', PATH: `${folder}:${process.env.PATH}` },
      opened: () => readFileSync(note, 'utf8').trimEnd().split('\n'),
      remove: () => rmSync(folder, { recursive: true }),
    }
  }
  const WAIT = 30_000
  const TEST = { timeout: 120_000 }

  it('g hands it to the desktop, or shows it where there is none', TEST, async () => {
    const browser = desktop()
    const url = 'https://localhost:10000/rtstreamlocal'
    const start = async (env: Record<string, string | undefined>) => {
      const terminal = openTerminal({ command: process.execPath, args: [program.file, 'allRunning'], env })
      await terminal.waitFor('q quit', WAIT)
      terminal.press('e')
      await terminal.waitFor(/esc closes/, WAIT)
      terminal.press('j', 'j', 'g')
      return terminal
    }
    const there = await start(browser.env)
    const nowhere = await start({ DISPLAY: undefined, WAYLAND_DISPLAY: undefined })
    try {
      await there.waitFor(`✓ Opens ${url}`, WAIT)
      await vi.waitFor(() => expect(browser.opened()).toEqual([url]), WAIT)
      await nowhere.waitFor(`▲ No desktop here to open it: ${url}`, WAIT)
      // Whole, however long, and closed as everything is.
      await nowhere.waitFor(/─ address |╭ address/, WAIT)
      nowhere.press('escape')
      await nowhere.waitFor(/endpoints/, WAIT)
    } finally {
      await Promise.all([there.close(), nowhere.close()])
      browser.remove()
    }
  })

  it('portal, notebook and run can be clicked on in the terminal, and g opens each', TEST, async () => {
    const browser = desktop()
    const args = [program.file, 'allRunning', '--azure']
    const terminal = openTerminal({ command: process.execPath, args, env: browser.env })
    try {
      await terminal.waitFor('q quit', WAIT)
      /** A title in focus, a chosen row. */
      const stands = (text: string) =>
        terminal.waitFor((screen) => {
          const row = screen.findIndex((line) => line.includes(text))
          return row >= 0 && terminal.cells(row)[screen[row]?.indexOf(text) ?? 0]?.isInverse === true
        }, WAIT)
      const pages = [
        // The lake in the portal; a run of silver; the page of the jobs, behind which the notebooks stand.
        ['\x1b4', 'lake  growth', ['bronze   '], `${PORTAL}/Microsoft.Storage/storageAccounts/lake`],
        ['\x1b5', '3 4 databricks', ['silver  ● '], RUN_URL],
        [
          '\x1b5',
          '3 4 databricks',
          ['silver  ● ', 'gold    ● '],
          'https://adb-1.2.azuredatabricks.net/#job/list',
        ],
      ] as const
      const opened: string[] = []
      for (const [key, title, rows, url] of pages) {
        terminal.press(key)
        await stands(title)
        for (const row of rows) {
          terminal.press('j')
          await stands(row)
        }
        terminal.press('enter')
        await terminal.waitFor((screen) => /esc closes/.test(screen.join('')), WAIT)
        expect(terminal.written).toContain(`\x1b]8;;${url}\x1b\\`)
        terminal.press('g')
        opened.push(url)
        // No key before the last has had its effect.
        await vi.waitFor(() => expect(browser.opened()).toEqual(opened), WAIT)
        await terminal.waitFor('✓ Opens https://', WAIT)
        terminal.press('ctrl+c')
        await terminal.waitFor((screen) => !/esc closes/.test(screen.join('')), WAIT)
        terminal.press('ctrl+c')
        await terminal.waitFor(/q quit/, WAIT)
      }
    } finally {
      await terminal.close()
      browser.remove()
    }
  })

  it('reaches a real terminal as a link, and takes no columns', async () => {
    const args = [program.file, 'allRunning']
    const terminal = openTerminal({ command: process.execPath, args, columns: 120, rows: 40 })
    try {
      await terminal.waitFor('q quit')
      terminal.press('e')
      await terminal.waitFor(/https:\/\/localhost:10000\/rtstreamlocal +│/)
      expect(terminal.written).toContain(
        '\x1b]8;;https://localhost:10000/rtstreamlocal\x1b\\https://localhost:10000/rtstreamlocal\x1b]8;;\x1b\\',
      )
      expect(
        terminal
          .screen()
          .find((row) => row.includes('10000'))
          ?.trimEnd(),
      ).toHaveLength(120)
    } finally {
      await terminal.close()
    }
  })
})
