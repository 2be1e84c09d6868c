/** What a look at the lake means for the screen: growth and freshness per layer, the last micro-batch of each stage. */
import type { ServiceError } from '../ports/errors.ts'
import type { BronzeSnapshot, LakeSnapshot, TableSnapshot } from '../ports/lake.ts'
import { pushBounded, RateMeter } from '../runtime/rates.ts'
import { LAYERS, type LakeSlice, type LayerName, type LayerSlice, type StageSlice } from '../state/state.ts'

const GROWTH_POINTS = 120
/** Batches come every second or two: over less than this, one more or less of them would be a quarter of the rate. */
const RATE_SPAN_MS = 10_000

/** What bronze and the tables have in common, and what only one of them has. */
type Seen = Pick<TableSnapshot, 'files' | 'bytes' | 'rows' | 'newestAt' | 'commits'> &
  Pick<BronzeSnapshot, 'newestFiles'>

/** Keeps what rates are made of from one look to the next. */
export class LakeView {
  readonly #rows = new Map(LAYERS.map((name) => [name, new RateMeter(RATE_SPAN_MS)]))
  readonly #bytes = new Map(LAYERS.map((name) => [name, new RateMeter(RATE_SPAN_MS)]))

  /**
   * @param errors layers that could not be read keep their last numbers, whose age shows.
   * @param at monotonic, @param now epoch milliseconds.
   */
  slice(
    before: LakeSlice,
    snapshot: LakeSnapshot,
    errors: ReadonlyMap<string, ServiceError>,
    at: number,
    now: number,
  ): LakeSlice {
    const layers = Object.fromEntries(
      LAYERS.map((name) => [
        name,
        this.#layer(before.layers[name], snapshot[name], errors.get(name), at, now),
      ]),
    ) as Record<LayerName, LayerSlice>
    return { layers: withFreshness(layers), bytes: LAYERS.reduce((sum, name) => sum + layers[name].bytes, 0) }
  }

  #layer(
    before: LayerSlice,
    seen: Seen,
    error: ServiceError | undefined,
    at: number,
    now: number,
  ): LayerSlice {
    if (error) return { ...before, error: error.message }
    const rows = this.#rows.get(before.name)
    const bytes = this.#bytes.get(before.name)
    if (seen.rows !== undefined) rows?.observe(seen.rows, at)
    bytes?.observe(seen.bytes, at)
    const size = seen.rows ?? seen.bytes
    const isLevel =
      before.growth.length > 0 && before.growth.slice(-GROWTH_POINTS / 2).every((one) => one === size)
    return {
      name: before.name,
      files: seen.files,
      bytes: seen.bytes,
      rows: seen.rows,
      rowsPerSecond: seen.rows === undefined ? undefined : rows?.rate,
      bytesPerSecond: bytes?.rate ?? 0,
      newestAt: seen.newestAt?.getTime(),
      // A line that is level from end to end looks the same one point longer.
      growth: isLevel ? before.growth : pushBounded(before.growth, size, GROWTH_POINTS),
      updatedAt: now,
      error: undefined,
      commits: seen.commits,
      newestFiles: seen.newestFiles,
    }
  }
}

/**
 * No layer can be fresher than the one that it is made from: what stands in gold has stood in silver, and that in bronze.
 * But the layers are looked at one after the other, and bronze's listing tells time by the full second.
 */
function withFreshness(layers: Record<LayerName, LayerSlice>): Record<LayerName, LayerSlice> {
  const { gold, quarantine } = layers
  const silver = withNewest(layers.silver, gold)
  const bronze = withNewest(layers.bronze, silver, quarantine)
  return { ...layers, bronze, silver }
}

function withNewest(layer: LayerSlice, ...madeFrom: readonly LayerSlice[]): LayerSlice {
  const times = [layer, ...madeFrom].flatMap(({ newestAt }) => newestAt ?? [])
  return times.length === 0 ? layer : { ...layer, newestAt: Math.max(...times) }
}

/** The table's newest micro-batch, as its commit tells. */
export function lastBatch({ commitMetadata, committedAt }: TableSnapshot): StageSlice['batch'] {
  if (!commitMetadata || !committedAt) return undefined
  return {
    id: commitMetadata.batchId,
    rows: commitMetadata.batch.input,
    durationMs: commitMetadata.durationMs,
    committedAt: committedAt.getTime(),
  }
}
