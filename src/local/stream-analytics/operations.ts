/** ARM's long-running operations: accepted at once, polled until they are over. */

import { HttpError } from '../http/errors.ts'
import type { Answer, Call, Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'

/** How an operation ended; undefined: well. */
export type Failure = { code: string; message: string } | undefined

interface Operation {
  state: 'InProgress' | 'Succeeded' | 'Failed'
  failure: Failure
  startedAt: number
}

export interface OperationsOptions {
  /** Below which the operations are found: `/subscriptions/…/locations/local`. */
  path: string
  apiVersion: string
  nextId: () => string
  now: () => number
  checkVersion: (call: Call) => void
}

/** The client polls that often (s); the header overrides its own interval. */
const POLL_SECONDS = '1'
/** Operations that can still be polled for. */
const KEPT = 50

export class Operations {
  readonly #options: OperationsOptions
  readonly #operations = new Map<string, Operation>()

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  /**
   * Answers 202 with both of ARM's ways to poll: `location` gives 202 until it is over, `azure-asyncoperation` a status.
   * @param ended settles when the operation is over.
   */
  accept(call: Call, ended: Promise<Failure>): Answer {
    const { nextId, now } = this.#options
    const id = nextId()
    const operation: Operation = { state: 'InProgress', failure: undefined, startedAt: now() }
    const [oldest] = this.#operations.keys()
    if (this.#operations.size >= KEPT && oldest !== undefined) this.#operations.delete(oldest)
    this.#operations.set(id, operation)
    void ended.then((failure) => {
      operation.state = failure ? 'Failed' : 'Succeeded'
      operation.failure = failure
    })
    return {
      status: 202,
      headers: {
        'retry-after': POLL_SECONDS,
        location: this.#url(call, 'operationresults', id),
        'azure-asyncoperation': this.#url(call, 'operationstatuses', id),
      },
    }
  }

  routes(): Route[] {
    const { path, checkVersion } = this.#options
    return [
      {
        method: 'GET',
        pattern: `${path}/operationresults/:id`,
        handle: (call) => {
          checkVersion(call)
          const { state, failure } = this.#find(call)
          const headers = { 'retry-after': POLL_SECONDS, location: selfOf(call) }
          if (state === 'InProgress') return { status: 202, headers }
          if (failure) throw new HttpError(409, failure.code, failure.message)
          return { status: 200 }
        },
      },
      {
        method: 'GET',
        pattern: `${path}/operationstatuses/:id`,
        handle: (call) => {
          checkVersion(call)
          const { state, failure, startedAt } = this.#find(call)
          const body = {
            id: call.path,
            name: call.params.id,
            status: state,
            startTime: new Date(startedAt).toISOString(),
            ...(failure ? { error: failure } : {}),
          }
          return state === 'InProgress' ? { headers: { 'retry-after': POLL_SECONDS }, body } : { body }
        },
      },
    ]
  }

  #find({ params }: Call): Operation {
    const operation = this.#operations.get(params.id ?? '')
    if (operation) return operation
    throw new HttpError(404, 'OperationNotFound', `The operation '${params.id}' could not be found.`)
  }

  #url(call: Call, kind: string, id: string): string {
    const { path, apiVersion } = this.#options
    return selfUrl(call.request, `${path}/${kind}/${id}?api-version=${apiVersion}`)
  }
}

const selfOf = ({ request }: Call) => selfUrl(request, request.url ?? '')
