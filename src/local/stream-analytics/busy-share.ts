/** How busy the job is: the stand-in for what it uses of its streaming units. */
import { performance } from 'node:perf_hooks'

/** Of the job's work, from one measurement to the next. */
export class BusyShare {
  #since = performance.now()
  #busyMs = 0
  #begunAt: number | undefined
  #cpu = process.cpuUsage()

  /** A turn of the pump begins. */
  begin(): void {
    this.#begunAt = performance.now()
  }

  /** It has ended, well or not. */
  end(): void {
    this.#busyMs += performance.now() - (this.#begunAt ?? performance.now())
    this.#begunAt = undefined
  }

  /** Since the last call: the share of time spent on landing batches, and the process's use of one core; both percent. */
  measure(): { ResourceUtilization: number; ProcessCPUUsagePercentage: number } {
    const now = performance.now()
    const elapsed = Math.max(1, now - this.#since)
    if (this.#begunAt !== undefined) {
      this.#busyMs += now - this.#begunAt
      this.#begunAt = now
    }
    const { user, system } = process.cpuUsage(this.#cpu)
    const shares = {
      ResourceUtilization: percent(this.#busyMs, elapsed),
      ProcessCPUUsagePercentage: percent((user + system) / 1000, elapsed),
    }
    this.#since = now
    this.#busyMs = 0
    this.#cpu = process.cpuUsage()
    return shares
  }
}

const percent = (part: number, whole: number) => Math.min(100, Math.round((1000 * part) / whole) / 10)
