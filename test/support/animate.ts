/** Lets a made-up pipeline move as a real one does, so that paints cost what they will cost. */
import type { AppState, LayerSlice } from '../../src/pipeline/state/state.ts'
import type { FakePipeline } from './fake-pipeline.ts'
import { CITIES } from './scenario.ts'

/** @returns stops it. */
export function animate(pipeline: FakePipeline, hz: number): () => void {
  let step = 0
  const timer = setInterval(() => {
    step++
    pipeline.change((state) => next(state, step, 1 / hz))
  }, 1000 / hz)
  return () => clearInterval(timer)
}

function next(state: AppState, step: number, seconds: number): AppState {
  const now = state.now + seconds * 1000
  const rate = Math.max(0, Math.round(120 + 24 * Math.sin(step / 9) + 7 * Math.sin(step * 1.7)))
  const rows = Math.round(rate * seconds)
  const isNewSecond = Math.floor(now / 1000) !== Math.floor(state.now / 1000)
  const push = (series: readonly number[], value: number) =>
    isNewSecond ? [...series.slice(-599), value] : series
  const grow = (layer: LayerSlice, share: number): LayerSlice => {
    const total = (layer.rows ?? 0) + Math.round(rows * share)
    return {
      ...layer,
      rows: total,
      files: layer.files + (isNewSecond ? 1 : 0),
      bytes: layer.bytes + Math.round(rows * share * 300),
      rowsPerSecond: Math.round(rate * share),
      newestAt: now - 900,
      updatedAt: now,
      growth: push(layer.growth, total).slice(-120),
    }
  }
  const { layers } = state.lake
  const { stages } = state
  const city = CITIES[step % CITIES.length] as (typeof CITIES)[number]
  return {
    ...state,
    now,
    generator: {
      ...state.generator,
      sent: state.generator.sent + rows,
      acknowledged: state.generator.acknowledged + rows,
      sentPerSecond: push(state.generator.sentPerSecond, rate),
      acknowledgedPerSecond: push(state.generator.acknowledgedPerSecond, rate),
    },
    hub: {
      ...state.hub,
      rate,
      enqueued: state.hub.enqueued + rows,
      ratePerSecond: push(state.hub.ratePerSecond, rate),
      updatedAt: now,
      partitions: state.hub.partitions.map((partition) => ({
        ...partition,
        lastSequenceNumber: partition.lastSequenceNumber + Math.round(rows / 4),
        lastEnqueuedAt: now - 100,
      })),
    },
    stages: {
      ...stages,
      generator: { ...stages.generator, rate },
      streamAnalytics: { ...stages.streamAnalytics, rate: rate - 1 },
      silver: { ...stages.silver, rate: rate - 4 },
      gold: { ...stages.gold, rate: rate - 4 },
    },
    lake: {
      bytes: state.lake.bytes + rows * 700,
      layers: {
        ...layers,
        bronze: grow(layers.bronze, 1),
        silver: grow(layers.silver, 0.96),
        gold: grow(layers.gold, 0.96),
        quarantine: grow(layers.quarantine, 0.03),
      },
    },
    events: [
      ...state.events,
      {
        at: now,
        deviceId: `station-${String((step * 37) % 1200).padStart(5, '0')}`,
        city: city.city,
        temperature: Math.round(city.temperature),
        humidity: city.humidity,
        reasons: [],
      },
    ].slice(-500),
  }
}
