/** The built program in a real terminal of 120×40, driven by keys as a person does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTerminal, type Terminal } from '../../test/support/terminal.ts'
import { cpuSeconds, pause } from './process-cost.ts'
import { profileArguments } from './profile.ts'
import type { Subject } from './subject.ts'

/** Of the terminal; figures of other sizes cannot be compared. */
export const SIZE = { columns: 120, rows: 40 } as const
/** The built program. */
export const binOf = ({ root }: Subject) => join(root, 'dist/bin.cjs')

/** Waits for the first frame; the program and its data folder are gone afterwards, whatever happens. */
export async function withRoom<Result>(
  subject: Subject,
  args: readonly string[],
  use: (terminal: Terminal) => Promise<Result>,
): Promise<Result> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
  const terminal = openTerminal({
    ...SIZE,
    command: process.execPath,
    args: [...profileArguments(), binOf(subject), '--data-dir', dataDir, ...args],
  })
  try {
    await terminal.waitFor(/○ aggregate/, 60_000)
    return await use(terminal)
  } finally {
    await terminal.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** All stages run once the service words of the last ones are there. */
export async function startAll(terminal: Terminal): Promise<void> {
  terminal.press('a')
  await terminal.waitFor(/● generator.*● stream analytics.*● silver.*● gold.*● aggregate/, 120_000)
}

/** What the program says of itself at its end. */
export interface Finished {
  balanced: boolean
  /** Readings that came through to the aggregate. */
  aggregated: number
  /** CPU of the process until everything was through (s). */
  cpuSeconds: number
}

/** Stops the generator, waits until the ledger balances, quits, and reads the summary. */
export async function finish(terminal: Terminal): Promise<Finished> {
  terminal.press('1')
  await terminal.waitFor('balanced', 180_000)
  const cpu = cpuSeconds(terminal.pid)
  await quit(terminal)
  const text = terminal.text()
  const aggregated = Number(/aggregated\s+([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''))
  return { balanced: text.includes('✓ balanced'), aggregated, cpuSeconds: cpu }
}

/** Quits; where it asks first, because stages run on, the same key says yes. */
export async function quit(terminal: Terminal): Promise<void> {
  terminal.press('q')
  const isAsking = terminal.waitFor('esc stay', 20_000).then(
    () => true,
    () => false,
  )
  if (await Promise.race([isAsking, terminal.exit.then(() => false)])) terminal.press('q')
  await terminal.exit
}

/** Milliseconds from a key to the frame that shows what it did: the help opens and closes. */
export async function keyToPaint(terminal: Terminal, count: number): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const begun = performance.now()
    terminal.press('?')
    await terminal.waitFor('esc closes', 30_000)
    times.push(performance.now() - begun)
    terminal.press('?')
    await terminal.waitFor((screen) => !screen.join('').includes('esc closes'), 30_000)
    await pause(40 + (index % 7) * 17)
  }
  return times
}

/** created→gold p95 as the header shows it, in milliseconds. */
export async function freshness(terminal: Terminal): Promise<number> {
  await terminal.waitFor(/created→gold \d/, 60_000)
  const [, value, unit] = /created→gold ([\d.]+) (ms|s)/.exec(terminal.text()) ?? []
  return Number(value) * (unit === 's' ? 1000 : 1)
}
