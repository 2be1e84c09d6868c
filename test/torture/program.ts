/** The built program under torture: started, ended, and counted by tools that are not ours. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePython } from '../../scripts/python-env.ts'
import { type RunningCli, startCli } from '../support/cli.ts'

/** What one part has tried, and what of it did not hold. */
export interface Part {
  name: string
  tried: string
  /** Empty: everything held. */
  broken: string[]
  /** What is worth telling beside. */
  notes?: string
}

export interface TortureOptions {
  /** From 0 to 1. */
  random: () => number
  /** Fresh and empty; removed by the caller. */
  folder: string
  say: (line: string) => void
}

export const LOAD = ['--stations', '1000', '--interval', '1s', '--json']

/** Longest that a run may take which is to end by itself (ms), on a busy machine. */
const PATIENCE_MS = 180_000

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
export const between = (random: () => number, from: number, to: number) => from + random() * (to - from)
export const pick = <T>(random: () => number, of: readonly T[]): T =>
  of[Math.floor(random() * of.length)] as T

export const run = (
  data: string,
  duration: string,
  options: Parameters<typeof startCli>[1] = {},
): RunningCli => startCli(['run', '--duration', duration, '--data-dir', data, ...LOAD], options)

/** @returns exit code, signal, or `hung` for a process that had to be killed. */
export async function ended({ child, exit }: RunningCli, limitMs = PATIENCE_MS): Promise<number | string> {
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    child.kill('SIGKILL')
  }, limitMs)
  const code = await exit
  clearTimeout(timer)
  return hung ? 'hung' : code
}

interface Summary {
  balanced: boolean
  ledger: Record<string, number>
}

export const summaryOf = ({ lines }: RunningCli): Summary | undefined => {
  try {
    return JSON.parse(lines.at(-1) ?? '') as Summary
  } catch {
    return undefined
  }
}

/** No stack trace, whatever happens. */
export const hasStack = (text: string) => /^ {2,}at .*[:(]/m.test(text)

/**
 * Runs once more for a second: everything must balance, by the program and by the counts of others.
 * @returns what does not hold.
 */
export async function mustBalance(
  data: string,
  options: Parameters<typeof startCli>[1] = {},
): Promise<string[]> {
  const last = run(data, '1s', options)
  const code = await ended(last)
  const summary = summaryOf(last)
  if (code !== 0 || summary?.balanced !== true)
    return [`exit code ${code}: ${last.stderr().trim().split('\n')[0] || JSON.stringify(summary?.ledger)}`]
  return countedOtherwise(data, summary)
}

export interface Counts extends Record<string, number | Record<string, number>> {
  hub: number
  hubGaps: number
  bronze: number
  silver: number
  ids: number
  readings: number
  stationGaps: number
  quarantined: number
  gold: number
  byMinute: number
  aggregated: number
  devices: Record<string, number>
}

export function counts(data: string): Counts {
  const found = ensurePython()
  if ('missing' in found) throw new Error(found.missing)
  const script = join(import.meta.dirname, 'counts.py')
  return JSON.parse(execFileSync(found.python, [script, data], { encoding: 'utf8' })) as Counts
}

/** The program's own summary against what SQLite, the file system and `deltalake` count. */
export function countedOtherwise(data: string, { ledger }: Summary): string[] {
  const found = counts(data)
  const expected: [string, number, number][] = [
    ['gaps in the hub', found.hubGaps, 0],
    ['events in the hub', found.hub, ledger.enqueued ?? -1],
    ['lines of bronze', found.bronze, found.hub - (ledger.rejected ?? 0)],
    [
      'rows of silver and quarantine',
      found.silver + found.quarantined,
      found.bronze - (ledger.duplicates ?? 0),
    ],
    ['distinct ids in silver', found.ids, found.silver],
    ['distinct readings in silver', found.readings, found.silver],
    ['numbers that no station has', found.stationGaps, 0],
    ['rows of gold', found.gold, found.silver],
    ['readings by minute', found.byMinute, found.gold],
    ['readings in the aggregate', found.aggregated, found.gold],
  ]
  return expected
    .filter(([, is, wanted]) => is !== wanted)
    .map(([what, is, wanted]) => `${what}: ${is}, not ${wanted}`)
}

export const logOf = (data: string): string => {
  try {
    return readFileSync(join(data, 'logs/rtstream-tui.log'), 'utf8')
  } catch {
    return ''
  }
}
