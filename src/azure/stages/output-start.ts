/** The one place that decides where a Stream Analytics job's output begins. */
import type { StartStreamingJobParameters } from '@azure/arm-streamanalytics'

/** Clocks of the services may differ from ours by this much (ms). */
const CLOCK_MARGIN_MS = 5 * 60_000

export interface OutputStartFacts {
  /** Of the job; undefined: it has never written output. */
  lastOutputEventTime: Date | undefined
  /** Enqueued time of the oldest event in the hub; undefined: it holds none. */
  oldestEvent: () => Promise<Date | undefined>
  /** Epoch ms. */
  now: () => number
}

/**
 * A job that has written goes on where it stopped (`LastOutputEventTime`): nothing is lost or repeated.
 *
 * One that never has may not ask for that. `JobStartTime` would leave behind what the hub holds already, and what comes
 * in while the job starts. So its first start is `CustomTime` with the time of the oldest event that there is, or of now
 * when there is none; a margin before it costs nothing, as nothing older exists.
 */
export async function outputStart(facts: OutputStartFacts): Promise<StartStreamingJobParameters> {
  if (facts.lastOutputEventTime) return { outputStartMode: 'LastOutputEventTime' }
  // Before the hub is asked: what arrives meanwhile is then later than this.
  const now = facts.now()
  const oldest = (await facts.oldestEvent())?.getTime() ?? now
  return { outputStartMode: 'CustomTime', outputStartTime: new Date(Math.min(oldest, now) - CLOCK_MARGIN_MS) }
}
