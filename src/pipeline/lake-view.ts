/** What a look at the lake means for the screen: growth per layer, freshness, last batches, rows as they arrive. */
import { emptyLayer } from './initial-state.ts'
import type { LakeSnapshot, ServiceError, TableSnapshot } from './ports.ts'
import {
  LAYERS,
  type LakeSlice,
  type LayerName,
  type LayerSlice,
  type StageSlice,
  type TailEvent,
} from './state.ts'
import { pushBounded, RateMeter } from './telemetry.ts'

const GROWTH_POINTS = 120

export class LakeView {
  readonly #rows = new Map<LayerName, RateMeter>()
  readonly #bytes = new Map<LayerName, RateMeter>()

  constructor() {
    for (const name of LAYERS) {
      this.#rows.set(name, new RateMeter())
      this.#bytes.set(name, new RateMeter())
    }
  }

  /** @param monotonic ms, for rates. @param now epoch ms, for ages. */
  slice(
    before: LakeSlice,
    snapshot: LakeSnapshot,
    errors: ReadonlyMap<string, ServiceError>,
    monotonic: number,
    now: number,
  ): LakeSlice {
    const layers = {} as Record<LayerName, LayerSlice>
    let changed = false
    for (const name of LAYERS) {
      const layer = this.#layer(
        before.layers[name] ?? emptyLayer(name),
        snapshot[name],
        errors.get(name),
        monotonic,
        now,
      )
      layers[name] = layer
      changed ||= layer !== before.layers[name]
    }
    if (!changed) return before
    return { layers, bytes: LAYERS.reduce((sum, name) => sum + layers[name].bytes, 0) }
  }

  #layer(
    before: LayerSlice,
    seen: Seen,
    error: ServiceError | undefined,
    monotonic: number,
    now: number,
  ): LayerSlice {
    if (error) return before.error === error.message ? before : { ...before, error: error.message }
    const rowsPerSecond =
      seen.rows === undefined ? undefined : this.#rows.get(before.name)?.add(seen.rows, monotonic)
    const bytesPerSecond = this.#bytes.get(before.name)?.add(seen.bytes, monotonic) ?? 0
    const isQuiet = seen.rows === before.rows && seen.bytes === before.bytes && seen.files === before.files
    // A layer at rest is left as it is, so that nothing is painted for it.
    if (
      isQuiet &&
      before.updatedAt !== undefined &&
      before.error === undefined &&
      !before.rowsPerSecond &&
      !before.bytesPerSecond &&
      before.growth.length > 0
    )
      return before
    return {
      ...before,
      files: seen.files,
      bytes: seen.bytes,
      rows: seen.rows,
      rowsPerSecond: rowsPerSecond === undefined ? undefined : nothingIfTiny(rowsPerSecond),
      bytesPerSecond: nothingIfTiny(bytesPerSecond),
      newestAt: seen.newestAt?.getTime(),
      growth: pushBounded(before.growth, seen.rows ?? seen.bytes, GROWTH_POINTS),
      updatedAt: now,
      error: undefined,
    }
  }
}

interface Seen {
  files: number
  bytes: number
  rows: number | undefined
  newestAt: Date | undefined
}

const nothingIfTiny = (value: number) => (value < 0.005 ? 0 : value)

/** The table's newest micro-batch, as its commit tells. */
export function lastBatch({ books, committedAt }: TableSnapshot): StageSlice['batch'] {
  if (!books || !committedAt) return undefined
  return {
    id: books.batchId,
    rows: books.batch.input,
    durationMs: books.durationMs,
    committedAt: committedAt.getTime(),
  }
}

/** Rows that arrived in silver or in quarantine, newest last, at most so many. */
export function arrivals(snapshot: LakeSnapshot, now: number, most: number): TailEvent[] {
  const bad = snapshot.quarantineArrived.slice(-most).map(
    ({ raw, reasons, enqueuedAt }): TailEvent => ({
      at: enqueuedAt ?? now,
      deviceId: /"deviceId":\s*"([^"]{1,40})"/.exec(raw)?.[1] ?? '—',
      city: /"city":\s*"([^"]{1,60})"/.exec(raw)?.[1] ?? '—',
      temperature: undefined,
      humidity: undefined,
      reasons,
    }),
  )
  return bad
}
