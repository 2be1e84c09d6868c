/**
 * The pictures of the documents: made-up states on the real screen, in a terminal, drawn as SVG into `docs/pictures`.
 * `npm run pictures [NAME…]`; look at them before they are committed. `docs/screen.svg` shows a live run: `scripts/screenshot.ts`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from '../test/support/bundle.ts'
import type { scenarios } from '../test/support/scenario.ts'
import { type PictureColors, screenshot } from '../test/support/svg.ts'
import { openTerminal } from '../test/support/terminal.ts'

interface Picture {
  title: string
  scenario: keyof typeof scenarios
  size: readonly [columns: number, rows: number]
  theme?: PictureColors
  keys: readonly string[]
  /** What stands there once the keys are done. */
  shows: string | RegExp
}

const PICTURES: Readonly<Record<string, Picture>> = {
  presenter: {
    title: 'Presenter mode at 80×24',
    scenario: 'allRunning',
    size: [80, 24],
    keys: ['v'],
    shows: 'created→gold p95',
  },
  'presenter-light': {
    title: 'Presenter mode at 80×24, on a light terminal',
    scenario: 'failing',
    size: [80, 24],
    theme: 'light',
    keys: ['v'],
    shows: 'created→gold p95',
  },
  strip: {
    title: 'The strip alone, at 60×20',
    scenario: 'allRunning',
    size: [60, 20],
    keys: [],
    shows: 'gold',
  },
  palette: {
    title: 'The palette, searched for “burs”',
    scenario: 'allRunning',
    size: [100, 30],
    keys: [':', 'burs'],
    shows: /burst/,
  },
  ledger: {
    title: 'The ledger while a stage has failed',
    scenario: 'failing',
    size: [120, 40],
    keys: ['l'],
    shows: 'five assertions',
  },
  lake: {
    title: 'The lake, zoomed',
    scenario: 'allRunning',
    size: [120, 40],
    keys: ['\x1b4', 'enter'],
    shows: /esc back/,
  },
  hub: {
    title: 'The event hub, zoomed: partitions over time, consumers',
    scenario: 'allRunning',
    size: [120, 40],
    keys: ['\x1b2', 'enter'],
    shows: /esc back/,
  },
  databricks: {
    title: 'Databricks, zoomed: batches as charts, runs',
    scenario: 'allRunning',
    size: [120, 40],
    keys: ['\x1b5', 'enter'],
    shows: /esc back/,
  },
  event: {
    title: 'An event, opened',
    scenario: 'allRunning',
    size: [120, 40],
    keys: ['\x1b7', 'j', 'enter'],
    shows: 'partition key',
  },
  light: {
    title: 'Everything runs, on a light terminal',
    scenario: 'allRunning',
    size: [200, 60],
    theme: 'light',
    keys: [],
    shows: 'five assertions',
  },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in PICTURES))
if (unknown.length > 0)
  throw new Error(
    `No picture is called ${unknown.join(', ')}. There are: ${Object.keys(PICTURES).join(', ')}.`,
  )
const program = await bundle('test/support/control-room.ts')
try {
  for (const [name, picture] of Object.entries(PICTURES))
    if (names.length === 0 || names.includes(name)) await take(name, picture)
} finally {
  program.remove()
}

async function take(
  name: string,
  { title, scenario, size, theme = 'dark', keys, shows }: Picture,
): Promise<void> {
  const [columns, rows] = size
  const terminal = openTerminal({
    command: process.execPath,
    args: [program.file, scenario, '--theme', theme],
    columns,
    rows,
  })
  try {
    await terminal.waitFor(columns < 80 ? 'gold' : 'q quit')
    for (const key of keys) terminal.press(key)
    await terminal.waitFor(shows)
    const file = join(import.meta.dirname, '../docs/pictures', `${name}.svg`)
    writeFileSync(file, screenshot(terminal, title, theme))
    console.log(file)
  } finally {
    terminal.signal('SIGTERM')
    await terminal.exit
    await terminal.close()
  }
}
