/** What is behind a row of a list: the facts of an event, a partition, a layer, a run, a city, a line of the log. Pure. */
import { partitionOf } from '../../contract/partition-hash.ts'
import { traceOf } from '../../pipeline/observation/tail.ts'
import type { CityMean } from '../../pipeline/ports/lake.ts'
import type {
  AppState,
  LayerSlice,
  LogEntry,
  PartitionSlice,
  StageSlice,
  TailEvent,
} from '../../pipeline/state/state.ts'
import type { Detail } from '../input/view-state.ts'
import {
  formatAge,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatInstant,
  formatRate,
  formatShare,
  formatTemperature,
  UNKNOWN,
} from '../text/format.ts'
import { LAYER_NAMES } from '../text/layer-names.ts'
import { printable } from '../text/line.ts'

const at = (time: number | undefined) => (time === undefined ? UNKNOWN : `${formatInstant(time)} UTC`)

/** The partition is computed from the key, as the hub does: the tail does not know it. */
export function eventDetail(event: TailEvent, state: AppState): Detail {
  const partitions = state.hub.partitions.length
  const partition =
    partitions > 0 && event.deviceId !== '' ? String(partitionOf(event.deviceId, partitions)) : UNKNOWN
  return {
    title: `event of ${event.deviceId || 'nobody'}`,
    facts: [
      ['time', at(event.at)],
      ['partition key', event.deviceId || UNKNOWN],
      ['partition', partition],
      ['city', event.city || UNKNOWN],
      ['temperature', event.temperature === undefined ? UNKNOWN : formatTemperature(event.temperature, 0)],
      ['humidity', event.humidity === undefined ? UNKNOWN : `${event.humidity} %`],
      ['refused by silver', event.reasons.length > 0 ? event.reasons.join(', ') : 'no'],
    ],
    text: event.body,
    trace: traceOf(event),
  }
}

/** The message whole, where the list cuts it, or wraps it in a zoom. */
export const logDetail = ({ at: time, level, source, message }: LogEntry): Detail => ({
  title: 'line of the log',
  facts: [
    ['time', at(time)],
    ['level', level],
    ['source', source],
  ],
  row: `${formatClock(time)} ${level} ${source} ${printable(message)}`,
  text: message,
})

/** As of the hub's last look. */
export const partitionDetail = (one: PartitionSlice, now: number): Detail => ({
  title: `partition ${one.id}`,
  subject: 'hub',
  facts: [
    [
      'first sequence number',
      formatCount(one.lastSequenceNumber < 0 ? undefined : one.beginningSequenceNumber),
    ],
    ['last sequence number', formatCount(one.lastSequenceNumber < 0 ? undefined : one.lastSequenceNumber)],
    [
      'events held',
      formatCount(one.lastSequenceNumber < 0 ? 0 : one.lastSequenceNumber - one.beginningSequenceNumber + 1),
    ],
    ['rate', `${formatRate(one.rate)}/s`],
    ['share of the hub', formatShare(one.share)],
    ['not in bronze yet', formatCount(one.backlog)],
    ['last enqueued', at(one.lastEnqueuedAt)],
    ['that is ago', formatAge(one.lastEnqueuedAt === undefined ? undefined : now - one.lastEnqueuedAt)],
  ],
})

/** `–` for what was not read yet. */
export function layerDetail(one: LayerSlice, now: number): Detail {
  const seen = (value: number) => (one.updatedAt === undefined ? undefined : value)
  return {
    title: LAYER_NAMES[one.name],
    layer: one.name,
    subject: 'lake',
    facts: [
      ['rows', formatCount(one.rows)],
      ['files', formatCount(seen(one.files))],
      ['size', formatBytes(seen(one.bytes))],
      ['mean size of a file', one.files > 0 ? formatBytes(one.bytes / one.files) : UNKNOWN],
      ['grows by', `${formatRate(one.rowsPerSecond)} rows/s, ${formatBytes(seen(one.bytesPerSecond))}/s`],
      ['newest row', at(one.newestAt)],
      ['read', one.updatedAt === undefined ? 'not yet' : `${formatAge(now - one.updatedAt)} ago`],
    ],
    text: one.error,
  }
}

/** The error is the stage's own, or that of the newest run which failed. */
export const stageDetail = (stage: StageSlice, now: number): Detail => ({
  title: stage.id,
  subject: stage.id === 'generator' ? undefined : stage.id,
  link: stage.history[0]?.url,
  facts: [
    ['state', stage.state],
    ['the service says', stage.providerStatus || UNKNOWN],
    ['run', stage.runId ?? UNKNOWN],
    ['since', stage.since === undefined ? UNKNOWN : `${formatClock(stage.since)} UTC`],
    ['rate', `${formatRate(stage.rate)}/s`],
    ['waits before it', formatCount(stage.backlog)],
    ['last batch', stage.batch ? `#${formatCount(stage.batch.id)}` : UNKNOWN],
    ['rows in it', formatCount(stage.batch?.rows)],
    ['took', formatDuration(stage.batch?.durationMs)],
    ['asked', stage.updatedAt === undefined ? 'not yet' : `${formatAge(now - stage.updatedAt)} ago`],
  ],
  text: stage.detail ?? stage.history.find(({ error }) => error)?.error,
})

/** Over all dates and hours. */
export const cityDetail = (city: CityMean): Detail => ({
  title: city.city,
  facts: [
    ['mean temperature', formatTemperature(city.temperature)],
    ['mean humidity', `${Math.round(city.humidity)} %`],
    ['readings', formatCount(city.readings)],
  ],
})
