/**
 * The long-running operations of the job, in the form in which the service was recorded: 202 with nothing but a signed
 * `Location` of some kilobytes, polls that are empty and each bring a new one, and 200 without a body at the end.
 */
import { createHash } from 'node:crypto'
import { HttpError } from '../http/errors.ts'
import type { Answer, Call, Route } from '../http/router.ts'
import { selfUrl } from '../http/self-url.ts'
import { ProviderError } from './provider-error.ts'

/** How an operation ended; undefined: well. */
export type Failure = { code: string; message: string } | undefined

interface Operation {
  isOver: boolean
  failure: Failure
  /** What it leads to; undefined for one that only does something. */
  result: object | undefined
  polls: number
}

export interface OperationsOptions {
  /** Of the job's routes, with its parameters. */
  pattern: string
  /** Of the one job. */
  path: string
  apiVersion: string
  nextId: () => string
  /** Epoch ms. */
  now: () => number
  /** Throws HttpError. */
  check: (call: Call) => void
  /** How long a client is told to wait before its first poll (s); poll answers do not say. */
  retryAfterSeconds: number
}

/** Id of the operation that a description of the job refers to. */
const NOTHING = 'none-under-way'
/** Of the last poll. */
const ENDED = { 'content-type': 'application/json; charset=utf-8' }
/** Operations that can still be polled for. */
const KEPT = 50
/** Characters of the parts of a signature, as recorded. */
const CERTIFICATE_LENGTH = 3000
const SIGNATURE_LENGTH = 342
const HASH_LENGTH = 43

/** A bounded number is remembered, in memory. */
export class Operations {
  readonly #options: OperationsOptions
  readonly #operations = new Map<string, Operation>()

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  /** @param ended settles when the operation is over. @param result the body of its last answer. */
  accept(call: Call, ended: Promise<Failure>, result?: object): Answer {
    const id = this.#options.nextId()
    const operation: Operation = { isOver: false, failure: undefined, result, polls: 0 }
    const [oldest] = this.#operations.keys()
    if (this.#operations.size >= KEPT && oldest !== undefined) this.#operations.delete(oldest)
    this.#operations.set(id, operation)
    void ended.then((failure) => {
      operation.isOver = true
      operation.failure = failure
    })
    const location = this.#location(call, id, operation.polls)
    return { status: 202, headers: { location, 'retry-after': String(this.#options.retryAfterSeconds) } }
  }

  /** The header that the service sends with a description of the job, too, though nothing is under way. */
  reference(call: Call): string {
    return this.#location(call, NOTHING, 0)
  }

  /** Where the polls go. */
  routes(): Route[] {
    const { pattern, check } = this.#options
    return [
      {
        method: 'GET',
        pattern: `${pattern}/OperationResults/:id`,
        handle: (call) => {
          check(call)
          const { id = '' } = call.params
          if (id === NOTHING) return { status: 200 }
          const operation = this.#operations.get(id)
          if (!operation)
            throw new HttpError(404, 'OperationNotFound', `The operation '${id}' could not be found.`)
          const { isOver, failure, result } = operation
          if (failure) throw new ProviderError(409, failure.code, failure.message)
          // Of JSON, also where there is none.
          if (isOver) return { status: 200, headers: ENDED, body: result }
          operation.polls++
          return { status: 202, headers: { location: this.#location(call, id, operation.polls) } }
        },
      },
    ]
  }

  #location(call: Call, id: string, polls: number): string {
    const { path, apiVersion, now } = this.#options
    const time = String(now() * 10_000)
    const query = new URLSearchParams({
      'api-version': apiVersion,
      t: time,
      c: letters('certificate', CERTIFICATE_LENGTH),
      s: letters(`${id} ${time} ${polls}`, SIGNATURE_LENGTH),
      h: letters(`${time} ${polls}`, HASH_LENGTH),
    })
    return selfUrl(call.request, `${path}/OperationResults/${id}?${query}`)
  }
}

/** As long as a signature, and as unlike others. Nobody checks it: a client is to send it back, not to read it. */
function letters(seed: string, length: number): string {
  let text = ''
  for (let part = 0; text.length < length; part++)
    text += createHash('sha512').update(`${seed} ${part}`).digest('base64url')
  return text.slice(0, length)
}
