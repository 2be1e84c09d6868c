/** How often small batches are made, by the rows that come. */

/**
 * Batches of so many rows come sooner: enough that a batch more costs little for a row, few enough that it costs little of a core.
 * With fewer rows nearly all of the cost is the batch's, and with more a core is better spent on rows.
 */
const LIVELY = { leastRows: 300, mostRows: 3000, share: 0.6 }

/** From so many waiting rows on they are worth a batch of their own, whenever the last one was: 10,000 events a second stay below it. */
export const PLENTY_ROWS = 12_000

/** A longer interval is one for an engine that makes few batches, as Spark, and is kept (ms). */
const LONGEST_MS = 1000

/**
 * @param intervalMs from a batch to the next while few rows come, or very many.
 * @param rows of the last batch.
 */
export const livelyInterval = (intervalMs: number, rows: number): number =>
  intervalMs <= LONGEST_MS && rows >= LIVELY.leastRows && rows <= LIVELY.mostRows
    ? intervalMs * LIVELY.share
    : intervalMs
