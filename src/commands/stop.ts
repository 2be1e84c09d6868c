/** `rtstream-tui stop`: stops the job, cancels the runs and the pipeline, and waits until they have ended. */

import { abortableSleep } from '../azure/http/abortable-sleep.ts'
import { ServiceError } from '../pipeline/ports/errors.ts'
import { STAGE_IDS, type StageId, type StageService, type StageStatus } from '../pipeline/ports/stages.ts'
import { countOf } from '../pipeline/state/count-of.ts'

type ServiceStage = Exclude<StageId, 'generator'>

/** The stages to stop, and how patiently. */
export interface StopContext {
  stages: Readonly<Record<ServiceStage, StageService>>
  json: boolean
  write: (text: string) => void
  /** How long to wait for each stage, milliseconds. Default: ten minutes. */
  timeoutMs?: number
  /** Between looks at a stage, milliseconds. Default: two seconds. */
  pollMs?: number
  /** Monotonic milliseconds. */
  now?: () => number
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>
  signal?: AbortSignal
}

/** What came of one stage; in JSON as it stands. */
export interface StopReport {
  stage: ServiceStage
  result: 'stopped' | 'was stopped' | 'not stopped'
  /** The service's words, or why it could not be stopped. */
  detail: string
  hint?: string
}

const NAMES: Readonly<Record<ServiceStage, string>> = {
  streamAnalytics: 'Stream Analytics job',
  silver: 'Databricks silver run',
  gold: 'Databricks gold run',
  aggregate: 'Synapse pipeline run',
}

/** A failed run has ended as well: nothing of it costs any more. */
const hasEnded = ({ state }: StageStatus) => state === 'stopped' || state === 'failed'

/**
 * Stops what runs, the last stage first, and all side by side; safe to run twice.
 * @returns exit code 0, or 1 when something could not be stopped.
 */
export async function runStop(context: StopContext): Promise<number> {
  const order = STAGE_IDS.filter((id) => id !== 'generator').toReversed()
  const reports = await Promise.all(
    order.map(async (stage) => {
      const report = await stopStage(stage, context)
      if (!context.json) context.write(line(report))
      return report
    }),
  )
  context.signal?.throwIfAborted()
  const left = reports.filter(({ result }) => result === 'not stopped')
  if (context.json)
    context.write(`${JSON.stringify({ type: 'stop', ok: left.length === 0, stages: reports })}\n`)
  else if (left.length > 0)
    context.write(`\n${left.length} of ${reports.length} may still run and cost money.\n`)
  return left.length > 0 ? 1 : 0
}

async function stopStage(stage: ServiceStage, context: StopContext): Promise<StopReport> {
  const { timeoutMs = 600_000, pollMs = 2000, now = () => performance.now(), signal } = context
  const sleep = context.sleep ?? abortableSleep
  const service = context.stages[stage]
  const deadline = now() + timeoutMs
  const tell = teller(stage, context)
  let isAsked = false
  let breaks = 0
  for (;;) {
    try {
      const status = await service.status(signal)
      if (hasEnded(status))
        return { stage, result: isAsked ? 'stopped' : 'was stopped', detail: status.providerStatus }
      if (!isAsked) {
        await service.stop(signal)
        isAsked = true
      }
      breaks = 0
      if (now() >= deadline) {
        const detail = `still ${status.providerStatus} after ${countOf(Math.round(timeoutMs / 60_000), 'minute')}`
        return { stage, result: 'not stopped', detail, hint: 'Look at it in the portal, or run stop again.' }
      }
      tell('stopping', status.providerStatus)
      await sleep(pollMs, signal)
    } catch (error) {
      signal?.throwIfAborted()
      // What is not there does not run.
      if (error instanceof ServiceError && error.kind === 'not-found')
        return { stage, result: 'was stopped', detail: error.message }
      if (isBroken(error)) breaks++
      const wait = error instanceof ServiceError ? (error.retryAfterMs ?? pollMs) : pollMs
      if (isFinal(error) || breaks > MOST_BREAKS || now() + wait >= deadline) return refusal(stage, error)
      tell('waiting', messageOf(error))
      await sleep(wait, signal)
    }
  }
}

/** So often in a row may a service answer with an error of its own, or with what makes no sense. */
const MOST_BREAKS = 5

const isFinal = (error: unknown) => error instanceof ServiceError && error.kind === 'authorization'
const isBroken = (error: unknown) => !(error instanceof ServiceError) || error.kind === 'service'
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Stopping takes minutes: says what is waited for, and says it again when that changes. */
function teller(stage: ServiceStage, { json, write }: StopContext): (result: string, detail: string) => void {
  let last = ''
  return (result, detail) => {
    const text = line({ stage, result, detail })
    if (json || text === last) return
    last = text
    write(text)
  }
}

function refusal(stage: ServiceStage, error: unknown): StopReport {
  const detail = messageOf(error)
  const hint = error instanceof ServiceError ? error.hint : undefined
  return { stage, result: 'not stopped', detail, ...(hint === undefined ? {} : { hint }) }
}

function line({ stage, result, detail, hint }: Omit<StopReport, 'result'> & { result: string }): string {
  return `${result.padEnd(11)}  ${NAMES[stage].padEnd(21)}  ${detail}\n${hint ? `${' '.repeat(13)}→ ${hint}\n` : ''}`
}
