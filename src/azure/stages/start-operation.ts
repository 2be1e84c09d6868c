/** The start of a Stream Analytics job, followed until its result is known: the job itself is just stopped again. */
import type { StreamAnalyticsManagementClient } from '@azure/arm-streamanalytics'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import type { StageState } from '../../pipeline/ports/stages.ts'
import { callSdk } from '../errors/sdk-error.ts'

/** How often in a row the query may fail before we give up and use the job's own state. */
const MOST_QUESTIONS = 20

export interface StartOperationOptions {
  /** As errors name it. */
  service: string
  jobs: StreamAnalyticsManagementClient['streamingJobs']
  resourceGroup: string
  job: string
}

/** At most one start at a time is followed. */
export class StartOperation {
  readonly #options: StartOperationOptions
  /** As the SDK writes it down to resume from. */
  #underWay: string | undefined
  #failure: string | undefined
  #failedQuestions = 0

  constructor(options: StartOperationOptions) {
    this.#options = options
  }

  /** Why the last start failed, for a person; undefined: it did not, or nobody knows yet. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** @param operation the poller's own text. */
  begin(operation: string): void {
    this.#underWay = operation
  }

  /** The job was stopped, or started anew: its last failure tells nothing any more. */
  forget(): void {
    this.#underWay = undefined
    this.#failure = undefined
    this.#failedQuestions = 0
  }

  /** Asks how it went, if the job's state leaves that open. */
  async follow(state: StageState, signal: AbortSignal | undefined): Promise<void> {
    if (state !== 'stopped' && state !== 'failed') {
      if (state !== 'starting') this.forget()
      return
    }
    const resumeFrom = this.#underWay
    if (resumeFrom === undefined) return
    const { service, jobs, resourceGroup, job } = this.#options
    try {
      // A poller is useless after a failed query; a resumed one asks once, and starts nothing.
      const poller = await callSdk(service, signal, (abortSignal) =>
        jobs.beginStart(resourceGroup, job, { resumeFrom, abortSignal }),
      )
      this.#failedQuestions = 0
      if (poller.isDone()) this.#underWay = undefined
    } catch (error) {
      signal?.throwIfAborted()
      // The query failed; the next poll asks again.
      if (isOfQuestion(error)) {
        if (++this.#failedQuestions >= MOST_QUESTIONS) this.#underWay = undefined
        return
      }
      this.#underWay = undefined
      const text = error instanceof Error ? error.message : String(error)
      const reason = /has failed\. (.*)/.exec(text)?.[1] ?? text
      this.#failure = `The start failed: ${reason}`
    }
  }
}

/** The query failed, which says nothing about the start: a lost role or token, or a service with problems. */
function isOfQuestion(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false
  if (error.kind === 'throttled' || error.kind === 'unreachable' || error.kind === 'authorization')
    return true
  const { statusCode = 0 } = (error.cause ?? {}) as { statusCode?: number }
  return statusCode === 408 || statusCode >= 500
}
