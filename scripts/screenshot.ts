/**
 * A picture of the real screen: runs a program in a terminal, presses keys, and draws what stands there as SVG.
 *
 *   node scripts/screenshot.ts --out docs/screen.svg --ready '1–5 start' --keys a --wait warmest --settle 60000 -- node dist/bin.cjs --ephemeral
 *
 * `--scenario NAME` instead of a program draws a made-up state, for those who work on the screen.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bundle } from '../test/support/bundle.ts'
import { screenshot } from '../test/support/svg.ts'
import { openTerminal } from '../test/support/terminal.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'docs/screen.svg' },
    columns: { type: 'string', default: '120' },
    rows: { type: 'string', default: '40' },
    /** Regular expression that the screen must show before the keys. */
    ready: { type: 'string', default: 'q quit' },
    /** Comma-separated, pressed once the screen stands. */
    keys: { type: 'string', default: '' },
    /** Regular expression that the screen must show after the keys. */
    wait: { type: 'string', default: 'q quit' },
    /** How long the program then goes on before the picture is taken. */
    settle: { type: 'string', default: '0' },
    scenario: { type: 'string' },
    theme: { type: 'string', default: 'dark' },
    title: { type: 'string', default: 'The control room of rtstream-tui' },
  },
})

const demo = values.scenario === undefined ? undefined : await bundle('test/support/control-room.ts')
const [command = process.execPath, ...args] = demo
  ? [process.execPath, demo.file, values.scenario as string, '--theme', values.theme]
  : positionals
const terminal = openTerminal({
  command: command === 'node' ? process.execPath : command,
  args,
  columns: Number(values.columns),
  rows: Number(values.rows),
})
try {
  await terminal.waitFor(new RegExp(values.ready))
  if (values.keys !== '') terminal.press(...values.keys.split(','))
  await terminal.waitFor(new RegExp(values.wait), 120_000)
  await new Promise((done) => setTimeout(done, Number(values.settle)))
  writeFileSync(values.out, screenshot(terminal, values.title))
} finally {
  await quit()
  demo?.remove()
}

/** Asks first: a program that is killed leaves what it has started. */
async function quit(): Promise<void> {
  terminal.signal('SIGTERM')
  await terminal.exit
  await terminal.close()
}
