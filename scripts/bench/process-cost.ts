/** What a process has used so far, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

/** A process and what it has started that is still there, by parents (proc_pid_stat(5), field 4). */
function family(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const one = Number(name)
    const parent = Number.isNaN(one) ? undefined : statOf(one)?.[1]
    if (parent !== undefined) parents.set(one, Number(parent))
  }
  const found = [pid]
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child)
  return found
}

/** Fields of proc_pid_stat(5) from the third on; undefined: it has ended. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')
  } catch {
    return undefined
  }
}

/**
 * User and system time of all its threads, and of the processes that it has started, ended ones too, in seconds
 * (proc_pid_stat(5), fields 14 to 17, 100 ticks a second).
 */
export const cpuSeconds = (pid: number): number =>
  family(pid).reduce((sum, one) => {
    const [user, system, endedUser, endedSystem] = (statOf(one) ?? []).slice(11, 15).map(Number)
    return sum + ((user ?? 0) + (system ?? 0) + (endedUser ?? 0) + (endedSystem ?? 0)) / 100
  }, 0)

/** CPU of its first thread, which is the one that draws (Documentation/scheduler/sched-stats.rst: nanoseconds). */
export const mainThreadCpuMs = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

/** Resident memory in MB (10⁶ bytes), with that of the processes that it has started: what they share is counted for each. */
export const rssMegabytes = (pid: number): number => megabytes(pid, 'VmRSS')

/** The most that each of them, as far as it is still there, has had resident so far, summed up (MB). */
export const largestMegabytes = (pid: number): number => megabytes(pid, 'VmHWM')

const megabytes = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  family(pid).reduce((sum, one) => sum + bytesOf(one, field) / 1e6, 0)

function bytesOf(pid: number, field: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Percent of a core over a span of time, and the CPU seconds in it. */
export async function cpuShare(pid: number, seconds: number): Promise<number> {
  const before = cpuSeconds(pid)
  const begun = performance.now()
  await pause(seconds * 1000)
  return ((cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000)) * 100
}

/** Milliseconds. */
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
