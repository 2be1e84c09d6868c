import { ServiceError, type ServiceErrorKind } from '../pipeline/ports.ts'

const SERVICE = 'Event Hubs'

/** Codes of `MessagingError` (AMQP conditions and Node's network errors), by what they mean for the caller. */
const KINDS: Record<string, ServiceErrorKind> = {
  UnauthorizedError: 'authorization',
  MessagingEntityNotFoundError: 'not-found',
  ServerBusyError: 'throttled',
  InternalServerError: 'service',
  MessageTooLargeError: 'service',
  DecodeError: 'service',
  OperationTimeoutError: 'unreachable',
  ServiceUnavailableError: 'unreachable',
  // The SDK's name for amqp:not-found.
  ServiceCommunicationError: 'not-found',
  ConnectionForcedError: 'unreachable',
  DetachForcedError: 'unreachable',
  SessionWindowViolationError: 'unreachable',
  GeneralError: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ENOTFOUND: 'unreachable',
  ETIMEDOUT: 'unreachable',
}

const HINTS: Partial<Record<ServiceErrorKind, string>> = {
  authorization:
    'Give this identity the role Azure Event Hubs Data Owner on the hub; rtstream-tui doctor prints the command.',
  'not-found': 'Check the name of the hub and its consumer groups (rtstream-tui config).',
}

/** How long the service asks to wait when it is busy (error 50002). */
const BUSY_MS = 4000

export function hubError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  const { code, name, message, retryable } = error as {
    code?: string
    name?: string
    message?: string
    retryable?: boolean
  }
  const kind =
    KINDS[code ?? ''] ??
    (/unauthorized|credential|authentication/i.test(`${name} ${code}`)
      ? 'authorization'
      : retryable
        ? 'unreachable'
        : 'service')
  const text =
    kind === 'unreachable'
      ? `Event Hubs does not answer (${code ?? name ?? 'no reason given'}).`
      : `Event Hubs: ${message ?? String(error)}`
  return new ServiceError(kind, SERVICE, text.split('\n')[0] ?? text, {
    cause: error,
    hint: HINTS[kind],
    retryAfterMs: kind === 'throttled' ? BUSY_MS : undefined,
  })
}
