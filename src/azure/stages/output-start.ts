/** The one place that decides where a Stream Analytics job's output begins. */
import type { StartStreamingJobParameters } from '@azure/arm-streamanalytics'

/** Clocks of the services may differ from ours by this much (ms). */
const CLOCK_MARGIN_MS = 5 * 60_000

/** What the decision is made from. */
export interface OutputStartFacts {
  /** Time of the job's last output; undefined when it has never written any. */
  lastOutputEventTime: Date | undefined
  /** Enqueued time of the oldest event in the hub; undefined when the hub is empty. */
  oldestEvent: () => Promise<Date | undefined>
  /** Epoch ms. */
  now: () => number
}

/**
 * A job that has written output resumes where it stopped (`LastOutputEventTime`): nothing is lost or
 * repeated.
 *
 * A job that never has cannot use that. `JobStartTime` would skip what the hub already holds, and what
 * arrives while the job starts. So the first start is `CustomTime` with the time of the oldest event, or the
 * current time when there is none; a margin before it costs nothing, as nothing older exists.
 */
export async function outputStart(facts: OutputStartFacts): Promise<StartStreamingJobParameters> {
  if (facts.lastOutputEventTime) return { outputStartMode: 'LastOutputEventTime' }
  // Taken before the hub is asked, so that everything that arrives in between is later.
  const now = facts.now()
  const oldest = (await facts.oldestEvent())?.getTime() ?? now
  return { outputStartMode: 'CustomTime', outputStartTime: new Date(Math.min(oldest, now) - CLOCK_MARGIN_MS) }
}
