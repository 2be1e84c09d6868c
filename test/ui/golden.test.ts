/**
 * Golden screens: what a real terminal shows for the main states, at the three sizes, and for everything that covers
 * the panels. `npx vitest run test/ui/golden.test.ts -u` takes them anew; look at what has changed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundle } from '../support/bundle.ts'
import type { scenarios } from '../support/scenario.ts'
import { openTerminal } from '../support/terminal.ts'

let program: Bundle
beforeAll(async () => {
  program = await bundle('test/support/control-room.ts')
})
afterAll(() => program.remove())

interface Golden {
  name?: string
  scenario: keyof typeof scenarios
  size: readonly [columns: number, rows: number]
  keys?: readonly string[]
  /** What stands there once the keys are done. */
  shows?: string | RegExp | ((screen: readonly string[]) => boolean)
}

const SMALL = [80, 24] as const
const MEDIUM = [120, 40] as const
const LARGE = [200, 60] as const

/** In the order of the focus, by the beginning of their titles. */
const PANELS = [
  'event rate',
  'event hub',
  '2 stream',
  'lake',
  '3 4 databricks',
  '5 synapse',
  'l ledger',
  'events',
  'log',
]

const STATES: readonly Golden[] = [
  ...([SMALL, MEDIUM, LARGE] as const).flatMap((size): Golden[] => [
    { scenario: 'allRunning', size },
    { scenario: 'allStopped', size },
    { scenario: 'failing', size },
  ]),
  { scenario: 'beforeConnect', size: MEDIUM },
  { scenario: 'starting', size: MEDIUM },
  { scenario: 'degraded', size: MEDIUM },
  { scenario: 'stale', size: MEDIUM },
  { scenario: 'balanced', size: MEDIUM },
  { scenario: 'readOnly', size: MEDIUM },
  { scenario: 'huge', size: MEDIUM },
  { scenario: 'wideCharacters', size: MEDIUM },
]

const COVERS: readonly Golden[] = [
  ...([SMALL, MEDIUM] as const).flatMap((size): Golden[] => [
    { scenario: 'allRunning', size, keys: ['?'], shows: /keys .*esc closes/ },
    { scenario: 'allRunning', size, keys: ['e'], shows: /endpoints .*esc closes/ },
    { scenario: 'allRunning', size, keys: ['x'], shows: 'stop all stages?' },
    { scenario: 'allRunning', size, keys: ['n', '250'], shows: 'How many?  250' },
    { scenario: 'readOnly', size, keys: ['a'], shows: 'Read-only:' },
    { scenario: 'starting', size, keys: ['q'], shows: /leave them running|end with this window/ },
    { scenario: 'starting', size, keys: ['4', '3'], shows: '✓ toggle silver' },
    { scenario: 'allRunning', size, keys: ['/', 'silver'], shows: 'filter  silver' },
    { scenario: 'allRunning', size, keys: ['l'], shows: 'five assertions' },
    { scenario: 'allRunning', size, keys: ['p'], shows: 'frozen' },
  ]),
  ...PANELS.map(
    (title, index): Golden => ({
      name: `zoom ${title}`,
      scenario: 'failing',
      size: MEDIUM,
      keys: ['enter', ...Array<string>(index).fill('tab')],
      shows: (screen) =>
        (screen[6] ?? '').startsWith(`╭ ${title}`) && (screen.at(-1) ?? '').includes('esc back'),
    }),
  ),
  { scenario: 'allRunning', size: [60, 20] },
  { scenario: 'allRunning', size: SMALL, keys: ['v'], shows: 'events a second' },
  { scenario: 'failing', size: MEDIUM, keys: ['v'], shows: 'events a second' },
]

async function take({ scenario, size: [columns, rows], keys = [], shows }: Golden): Promise<string> {
  const terminal = openTerminal({ command: process.execPath, args: [program.file, scenario], columns, rows })
  try {
    await terminal.waitFor(/q (to )?quit/)
    terminal.press(...keys)
    if (shows !== undefined) await terminal.waitFor(shows)
    return `${terminal.text()}\n`
  } finally {
    await terminal.close()
  }
}

const nameOf = ({ name, scenario, size, keys }: Golden) =>
  [scenario, name ?? keys?.map((key) => NAMES[key] ?? key).join(''), size.join('x')].filter(Boolean).join('-')
/** Keys that no file name should have. */
const NAMES: Readonly<Record<string, string>> = { '?': 'help', '/': 'filter ' }

describe.each([
  ['states', STATES],
  ['covered', COVERS],
] as const)('%s', (_name, goldens) => {
  it.each(goldens.map((golden) => [nameOf(golden), golden] as const))('%s', async (name, golden) => {
    const text = await take(golden)
    for (const row of text.trimEnd().split('\n')) expect(row.length).toBeLessThanOrEqual(golden.size[0])
    await expect(text).toMatchFileSnapshot(`golden/${name.replaceAll(' ', '-')}.txt`)
  })
})
