/**
 * How a call to a service fails. Every port of `src/pipeline/ports/` may reject with a {@link ServiceError}; anything else is a defect.
 */
/** Why a call to a service failed, in the terms that decide what happens next. */
export type ServiceErrorKind =
  /** 401/403: never retried. */
  | 'authorization'
  /** 404: the resource is not there. */
  | 'not-found'
  /** 409: the resource is in a state that forbids the call. */
  | 'conflict'
  /** 429/503/ServerBusy: try again after `retryAfterMs`. */
  | 'throttled'
  /** No answer, or a cut connection. */
  | 'unreachable'
  /** The service accepted the call and failed, or gave an answer that cannot be understood. */
  | 'service'

/** The one error of all ports; adapters make it of whatever their SDK throws. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  /** By which callers decide; the message is for a person. */
  readonly kind: ServiceErrorKind
  /** Which service, as a person calls it: `Event Hubs`, `Stream Analytics`, … */
  readonly service: string
  /** What to do now, one line; shown after the message. */
  readonly hint: string | undefined
  /** As the service asks; undefined: it did not say. */
  readonly retryAfterMs: number | undefined
  /** Nobody is signed in, or the token is not accepted: unlike a new role, that never comes by waiting. */
  readonly needsSignIn: boolean
  /** The service has named a reason that no waiting removes: a policy, a lock, a firewall. */
  readonly isExplained: boolean

  /** @param message what happened, to what; one line for a person, no stack, no secret. */
  constructor(
    kind: ServiceErrorKind,
    service: string,
    message: string,
    options: {
      hint?: string | undefined
      retryAfterMs?: number | undefined
      needsSignIn?: boolean
      isExplained?: boolean
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.service = service
    this.hint = options.hint
    this.retryAfterMs = options.retryAfterMs
    this.needsSignIn = options.needsSignIn ?? false
    this.isExplained = options.isExplained ?? false
  }
}
