/** What a process has used so far, from /proc (Linux). */
import { readFileSync } from 'node:fs'

/** User and system time of all its threads, in seconds (proc_pid_stat(5), fields 14 and 15, 100 ticks a second). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** CPU of its first thread, which is the one that draws (Documentation/scheduler/sched-stats.rst: nanoseconds). */
export const mainThreadCpuMs = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

/** Resident memory in MB (10⁶ bytes). */
export const rssMegabytes = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6

/** Percent of a core over a span of time, and the CPU seconds in it. */
export async function cpuShare(pid: number, seconds: number): Promise<number> {
  const before = cpuSeconds(pid)
  const begun = performance.now()
  await pause(seconds * 1000)
  return ((cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000)) * 100
}

/** Milliseconds. */
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
