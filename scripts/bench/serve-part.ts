/** How soon `serve` is ready, beside the first frame of the control room: run in turns, as time and as CPU. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTerminal } from '../../test/support/terminal.ts'
import type { Part } from './figure.ts'
import { cpuSeconds } from './process-cost.ts'
import { binOf, quit, SIZE } from './room.ts'
import { percentile } from './statistics.ts'

const PAIRS = 15

/** Since the process was started. */
interface Start {
  ms: number
  cpuMs: number
}

/** Compiled code is kept where a person's is, in a folder of this measurement's own. */
const ownCache = (folder: string) => ({ XDG_CACHE_HOME: folder, NODE_COMPILE_CACHE: '' })

async function timeToFrame(bin: string, cache: string): Promise<Start> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-bench-'))
  const begun = performance.now()
  const terminal = openTerminal({
    ...SIZE,
    command: process.execPath,
    args: [bin, '--data-dir', dataDir],
    env: ownCache(cache),
  })
  await terminal.waitFor('rtstream', 60_000)
  const found = { ms: performance.now() - begun, cpuMs: cpuSeconds(terminal.pid) * 1000 }
  await quit(terminal)
  rmSync(dataDir, { recursive: true, force: true })
  return found
}

/** Its one line comes once all ports answer. */
async function timeToReady(bin: string, cache: string): Promise<Start> {
  const begun = performance.now()
  const child = spawn(process.execPath, [bin, 'serve', '--json', '--ephemeral'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...ownCache(cache) },
  })
  await once(child.stdout, 'data')
  const found = { ms: performance.now() - begun, cpuMs: cpuSeconds(child.pid as number) * 1000 }
  child.kill('SIGTERM')
  await once(child, 'exit')
  return found
}

/** With compiled code kept between starts, as an installed program has it. */
export const serve: Part = async (subject) => {
  const bin = binOf(subject)
  const cache = mkdtempSync(join(tmpdir(), 'rtstream-bench-cache-'))
  const frames: Start[] = []
  const readies: Start[] = []
  try {
    // The first pair keeps its compiled code, and is not counted.
    for (let pair = 0; pair <= PAIRS; pair++) {
      frames.push(await timeToFrame(bin, cache))
      readies.push(await timeToReady(bin, cache))
    }
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
  const median = (some: readonly number[]) => percentile(some, 0.5)
  const of = (starts: readonly Start[], what: keyof Start) => starts.slice(1).map((start) => start[what])
  const ratio = (what: keyof Start) =>
    median(of(readies, what).map((value, index) => value / (of(frames, what)[index] as number)))
  return [
    { what: `first frame, median of ${PAIRS}`, value: median(of(frames, 'ms')), unit: 'ms' },
    { what: 'the same, CPU', value: median(of(frames, 'cpuMs')), unit: 'ms' },
    { what: `serve is ready, median of ${PAIRS}`, value: median(of(readies, 'ms')), unit: 'ms' },
    { what: 'the same, CPU', value: median(of(readies, 'cpuMs')), unit: 'ms' },
    { what: 'serve to the first frame, pair by pair', value: ratio('ms'), unit: '×', wanted: '≤ 1.5' },
    { what: 'the same, CPU', value: ratio('cpuMs'), unit: '×' },
  ]
}
