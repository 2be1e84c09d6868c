/**
 * What the screen costs, over a made-up pipeline in a real pty at 120×40: `node test/bench/ui.bench.ts [seconds]`.
 * The pipeline's own work is not in these numbers.
 */

import { screenLines } from '../../src/ui/app/screen-lines.ts'
import { initialView } from '../../src/ui/input/view-state.ts'
import { painter } from '../../src/ui/text/ansi.ts'
import { chooseTheme } from '../../src/ui/text/theme.ts'
import { type Bundle, bundle } from '../support/bundle.ts'
import { allRunning } from '../support/scenario.ts'
import { openTerminal } from '../support/terminal.ts'

const SIZE = { columns: 120, rows: 40 } as const

/** Milliseconds for the lines of one screen and their escape sequences, without React, Ink and the terminal. */
export function benchCompose(times: number): number {
  const paint = painter(chooseTheme('dark', 24, {}), false)
  const compose = () =>
    screenLines(allRunning(), initialView, SIZE.columns, SIZE.rows).lines.map(paint).join('\n')
  for (let warm = 0; warm < 50; warm++) compose()
  const begun = performance.now()
  for (let run = 0; run < times; run++) compose()
  return (performance.now() - begun) / times
}

/** Percent of a core while everything moves so many times a second; start-up is not counted. */
export async function benchCpu(program: Bundle, hz: number, seconds: number): Promise<number> {
  const args = [program.file, 'allRunning', '--animate', String(hz), '--seconds', String(seconds)]
  const terminal = openTerminal({ ...SIZE, command: process.execPath, args })
  await terminal.exit
  const report = terminal.text().replaceAll('\n', '')
  await terminal.close()
  return (JSON.parse(report.slice(report.indexOf('{'))) as { cpuPercent: number }).cpuPercent
}

/** Milliseconds from a key to the whole frame that shows what it did. */
export async function benchKeys(program: Bundle, count: number): Promise<number[]> {
  const terminal = openTerminal({
    ...SIZE,
    command: process.execPath,
    args: [program.file, 'allRunning', '--animate', '4'],
  })
  await terminal.waitFor('q quit')
  const times: number[] = []
  for (let run = 0; run < count; run++) {
    const begun = performance.now()
    terminal.press('?')
    const isOpen = run % 2 === 0
    await terminal.waitFor((screen) => screen.join('').includes('esc closes') === isOpen)
    times.push(performance.now() - begun)
    await new Promise((done) => setTimeout(done, 40 + (run % 7) * 17))
  }
  await terminal.close()
  return times.sort((a, b) => a - b)
}

if (import.meta.main) {
  const seconds = Number(process.argv[2] ?? 20)
  console.log(`lines and escape sequences of a screen: ${benchCompose(500).toFixed(2)} ms`)
  const program = await bundle('test/support/control-room.ts')
  for (const hz of [0, 1, 2, 4]) {
    const percent = await benchCpu(program, hz, seconds)
    const each = hz === 0 ? '' : `, ${((percent * 10) / hz).toFixed(1)} ms of CPU a paint`
    console.log(`${hz} changes a second: ${percent.toFixed(1)} % of a core${each}`)
  }
  const keys = await benchKeys(program, 100)
  const at = (share: number) => (keys[Math.ceil(keys.length * share) - 1] ?? 0).toFixed(0)
  console.log(`key to paint at 4 changes a second, p50/p95/p99: ${at(0.5)}/${at(0.95)}/${at(0.99)} ms`)
  program.remove()
}
