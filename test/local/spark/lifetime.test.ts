/** Spark's processes end with the process that started them, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { smallSparkOptions, sparkOrReason } from '../../notebooks/spark.ts'

// Spark's own options are not what is tested here, and take longer.
vi.stubEnv('SPARK_SUBMIT_OPTS', smallSparkOptions())

const lacks = sparkOrReason('the end of Spark processes')
const isLinux = process.platform === 'linux'
if (!isLinux) console.warn('SKIPPED: the end of Spark processes. It is seen in /proc, which only Linux has.')

let folder: string
let holder: ChildProcess
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-lifetime-'))
})
afterEach(() => {
  holder.kill('SIGKILL')
  for (const { pid } of processes()) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** All that were told of our lake: the Python processes, and the Java that they start. */
function processes(): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(`RTSTREAM_LAKE_ROOT=${folder}`))
          return []
        return [
          {
            pid: Number(name),
            command: readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0')[0] ?? '',
          },
        ]
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
}

/** @returns a promise of the first time that the run comes to a state. */
function start(): (state: string) => Promise<void> {
  const script = join(import.meta.dirname, 'hold-engine.ts')
  holder = spawn(process.execPath, ['--no-warnings', script, join(folder, 'lake')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const states: string[] = []
  createInterface({ input: holder.stdout as NodeJS.ReadableStream }).on('line', (line) => states.push(line))
  return (state) => vi.waitFor(() => expect(states).toContain(state), 100_000)
}

const isJava = ({ command }: { command: string }) => command.endsWith('java')
const noneIsLeft = () => vi.waitFor(() => expect(processes()).toEqual([]), 30_000)

describe.skipIf(lacks !== undefined || !isLinux)('after kill -9 of the process that started it', () => {
  it('Spark is gone, when it was only starting', async () => {
    const reached = start()
    await reached('starting')
    await vi.waitFor(() => expect(processes().some(isJava)).toBe(true), 60_000)
    holder.kill('SIGKILL')
    await noneIsLeft()
  }, 120_000)

  it('Spark is gone, when it was running; until then ctrl+c reaches that process, and not Spark', async () => {
    const reached = start()
    await reached('running')
    const groupOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]
    const own = groupOf(holder.pid as number)
    const found = processes()
    for (const { pid } of found) expect(groupOf(pid)).not.toBe(own)
    // The launcher and its Java are one group, to be ended together; Spark's Python workers end with Java.
    const java = found.find(isJava)?.pid as number
    const launcher = found.find(({ pid }) => pid === Number(groupOf(java)))
    expect(launcher?.command).toMatch(/python/)
    holder.kill('SIGKILL')
    await noneIsLeft()
  }, 160_000)
})

describe.skipIf(lacks !== undefined || !isLinux)('a Spark that does not respond any more', () => {
  it('is killed, with its Java, when the run is to stop', async () => {
    const reached = start()
    // Running or only starting, it is stopped in the same way.
    await reached('starting')
    await vi.waitFor(() => expect(processes().some(isJava)).toBe(true), 60_000)
    for (const { pid } of processes()) process.kill(pid, 'SIGSTOP')
    holder.kill('SIGTERM')
    await reached('closed')
    await noneIsLeft()
  }, 180_000)
})
