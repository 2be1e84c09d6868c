/** `rtstream-tui status`: one snapshot of all stages and layers. */

import { ServiceError } from '../pipeline/ports/errors.ts'
import type { HubReader } from '../pipeline/ports/hub.ts'
import type { LakeReader } from '../pipeline/ports/lake.ts'
import { STAGE_IDS, type StageId, type StageService, type StageStatus } from '../pipeline/ports/stages.ts'
import { STAGE_LABELS } from '../pipeline/stages/stage-names.ts'
import { countOf } from '../pipeline/state/count-of.ts'
import { LAYERS, type LayerName } from '../pipeline/state/state.ts'
import { formatAge, formatBytes } from '../ui/text/format.ts'
import { LAYER_NAMES } from '../ui/text/layer-names.ts'

type ServiceStage = Exclude<StageId, 'generator'>

/** What is asked, once, and where the answer goes. */
export interface StatusContext {
  /** What a target offers of these is enough. */
  target: {
    name: 'local' | 'azure'
    hub: HubReader
    stages: Readonly<Record<ServiceStage, StageService>>
    lake: LakeReader
  }
  json: boolean
  write: (text: string) => void
  /** Epoch milliseconds. */
  now: () => number
  signal?: AbortSignal
}

interface Failure {
  error: string
  hint: string | undefined
}

const STAGES = STAGE_IDS.filter((id) => id !== 'generator')

/**
 * Asks all services side by side; one that does not answer is shown as such.
 * @returns exit code 0, or 1 when something could not be read.
 */
export async function runStatus(context: StatusContext): Promise<number> {
  const { target, signal, now } = context
  const [stages, lake] = await Promise.all([
    Promise.all(
      STAGES.map(async (id) => ({
        id,
        status: await attempt(() => target.stages[id].status(signal), signal),
      })),
    ),
    attempt(() => snapshotOf(target.lake, signal), signal),
  ])
  const hub = await attempt(() => target.hub.partitions(signal), signal)
  const layers = 'error' in lake ? [] : LAYERS.map((name) => layer(name, lake, now()))
  const failures = [...stages.map(({ status }) => status), hub, lake].filter((one) => 'error' in one)
  const layerFailures = 'error' in lake ? 0 : lake.errors.size
  if (context.json) {
    context.write(
      `${JSON.stringify({
        type: 'status',
        target: target.name,
        at: new Date(now()).toISOString(),
        stages: Object.fromEntries(stages.map(({ id, status }) => [id, status])),
        hub: 'error' in hub ? hub : { partitions: hub },
        layers: 'error' in lake ? lake : Object.fromEntries(layers.map(({ name, ...rest }) => [name, rest])),
      })}\n`,
    )
  } else {
    for (const { id, status } of stages) context.write(stageLine(id, status, now()))
    context.write(hubLine(hub))
    if ('error' in lake) context.write(`${'lake'.padEnd(18)}${described(lake)}\n`)
    for (const one of layers) context.write(layerLine(one))
  }
  return failures.length + layerFailures > 0 ? 1 : 0
}

/**
 * Layers are read from the end of the pipeline to its beginning: rows move on meanwhile, and a later layer must never hold more
 * than the one before it. Looks after the first ask only for what has changed.
 */
async function snapshotOf(lake: LakeReader, signal: AbortSignal | undefined): ReturnType<LakeReader['poll']> {
  const last = await lake.poll(undefined, signal)
  const gold = await lake.poll(undefined, signal)
  const silver = await lake.poll(undefined, signal)
  const first = await lake.poll(undefined, signal)
  const { aggregated, byMinute } = last.snapshot
  const { quarantine } = silver.snapshot
  return {
    snapshot: {
      ...first.snapshot,
      aggregated,
      byMinute,
      gold: gold.snapshot.gold,
      silver: silver.snapshot.silver,
      quarantine,
    },
    errors: new Map([...last.errors, ...gold.errors, ...silver.errors, ...first.errors]),
  }
}

async function attempt<T extends object>(
  ask: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | Failure> {
  try {
    return await ask()
  } catch (error) {
    signal?.throwIfAborted()
    const hint = error instanceof ServiceError ? error.hint : undefined
    return { error: error instanceof Error ? error.message : String(error), hint }
  }
}

const described = ({ error, hint }: Failure) => (hint ? `${error} → ${hint}` : error)

function stageLine(id: ServiceStage, status: StageStatus | Failure, now: number): string {
  // For a person; `--json` keeps the ids.
  const name = STAGE_LABELS[id].padEnd(18)
  if ('error' in status) return `${name}${described(status)}\n`
  const { state, providerStatus, since, detail } = status
  const age = since && state !== 'stopped' ? `, for ${formatAge(now - since.getTime())}` : ''
  return `${name}${state} (${providerStatus})${age}${detail ? `: ${detail}` : ''}\n`
}

function hubLine(hub: readonly { lastEnqueuedSequenceNumber: number }[] | Failure): string {
  if ('error' in hub) return `${'hub'.padEnd(18)}${described(hub)}\n`
  const events = hub.reduce((sum, { lastEnqueuedSequenceNumber }) => sum + lastEnqueuedSequenceNumber + 1, 0)
  return `${'hub'.padEnd(18)}${countOf(events, 'event')} in ${countOf(hub.length, 'partition')}\n`
}

interface Layer {
  name: LayerName
  files: number
  bytes: number
  rows: number | undefined
  newestAt: string | undefined
  ageMs: number | undefined
  error: string | undefined
}

function layer(
  name: LayerName,
  { snapshot, errors }: Awaited<ReturnType<LakeReader['poll']>>,
  now: number,
): Layer {
  const { files, bytes, rows, newestAt } = snapshot[name]
  return {
    name,
    files,
    bytes,
    rows,
    newestAt: newestAt?.toISOString(),
    ageMs: newestAt ? Math.max(0, now - newestAt.getTime()) : undefined,
    error: errors.get(name)?.message,
  }
}

function layerLine({ name, files, bytes, rows, ageMs, error }: Layer): string {
  const count = rows === undefined ? 'rows unknown' : countOf(rows, 'row')
  const age = ageMs === undefined ? '' : `, newest ${formatAge(ageMs)} ago`
  return `${LAYER_NAMES[name].padEnd(18)}${error ?? `${count}, ${countOf(files, 'file')}, ${formatBytes(bytes)}${age}`}\n`
}
