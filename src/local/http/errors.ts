import type { IncomingMessage } from 'node:http'

/** A refusal that the client is told about: status, the service's error code, and one line for a person. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** Of HTTP. */
  readonly status: number
  /** The service's own word: `InvalidAuthenticationToken`, `PathAlreadyExists`, … */
  readonly code: string
  /** Beside those that every answer has. */
  readonly headers: Readonly<Record<string, string>>
  /** What a service's XML form tells beside code and message, by element. */
  readonly details: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    options: { headers?: Record<string, string>; details?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.status = status
    this.code = code
    this.headers = options.headers ?? {}
    this.details = options.details ?? {}
  }
}

/** How a service words its errors; see {@link armError} for the form that most of Azure's JSON services share. */
export type ErrorForm = (
  error: HttpError,
  request: IncomingMessage,
) => {
  headers: Record<string, string>
  body: string | Buffer
  /** Of the status line; default: HTTP's own words. */
  reason?: string
}

/** `{"error":{"code","message"}}`: ARM, Synapse, metrics. */
export const armError: ErrorForm = (error) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ error: { code: error.code, message: error.message } }),
})
