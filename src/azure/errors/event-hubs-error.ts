/** What an error of the Event Hubs client means: its kind, what a person is told, whether to try again. */
import { ServiceError, type ServiceErrorKind } from '../../pipeline/ports/errors.ts'
import { isNetworkCode } from './kinds.ts'

const SERVICE = 'Event Hubs'

/** Codes of `MessagingError` (AMQP conditions), and what they mean for the caller. */
const KINDS: Readonly<Record<string, ServiceErrorKind>> = {
  UnauthorizedError: 'authorization',
  PublisherRevokedError: 'authorization',
  MessagingEntityNotFoundError: 'not-found',
  MessagingEntityDisabledError: 'conflict',
  // The SDK's name for amqp:not-found.
  ServiceCommunicationError: 'not-found',
  ReceiverDisconnectedError: 'conflict',
  ServerBusyError: 'throttled',
  InternalServerError: 'service',
  OperationTimeoutError: 'unreachable',
  ServiceUnavailableError: 'unreachable',
  ConnectionForcedError: 'unreachable',
  DetachForcedError: 'unreachable',
  InsufficientCreditError: 'unreachable',
  SenderBusyError: 'unreachable',
  SenderNotReadyError: 'unreachable',
  SessionWindowViolationError: 'unreachable',
  GeneralError: 'unreachable',
  AbortError: 'unreachable',
}

const HINTS: Partial<Record<ServiceErrorKind, string>> = {
  authorization:
    'Give this identity the roles Azure Event Hubs Data Sender and Receiver on the hub; rtstream-tui doctor prints the commands.',
  throttled: 'A throughput unit takes 1 MB/s or 1,000 events/s: fewer stations (-), or more units.',
  'not-found': 'Check the name of the hub and its consumer groups (rtstream-tui config).',
}

/** How long the service asks to wait when it is busy (error 50002). */
const BUSY_MS = 4000

interface SdkError {
  code?: string
  name?: string
  message?: string
  retryable?: boolean
}

/** What an error of the Event Hubs SDK means. */
export function hubError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  const { code, name, message, retryable } = decisive(error)
  const kind =
    KINDS[code ?? ''] ??
    KINDS[name ?? ''] ??
    (isNetworkCode(code) ? 'unreachable' : undefined) ??
    kindByName(name, retryable)
  const text =
    kind === 'unreachable'
      ? `Event Hubs does not answer (${code ?? name ?? 'no reason given'}).`
      : `Event Hubs: ${message ?? String(error)}`
  // The hub itself does not distinguish an unknown token from a missing role.
  const needsSignIn = kind === 'authorization' && isOfCredential(name)
  return new ServiceError(kind, SERVICE, text.split('\n')[0] ?? text, {
    cause: error,
    needsSignIn,
    hint: needsSignIn ? 'az login' : HINTS[kind],
    retryAfterMs: kind === 'throttled' ? BUSY_MS : undefined,
  })
}

/**
 * After several attempts, or for a name with several addresses, the SDK throws all errors: the last one
 * decides.
 */
function decisive(error: unknown): SdkError {
  let found = error
  while (found instanceof AggregateError && found.errors.length > 0) found = found.errors.at(-1)
  return found as SdkError
}

/** Credentials fail with their own error names (`CredentialUnavailableError`, `AuthenticationError`, …). */
const isOfCredential = (name = '') => /credential|authentication/i.test(name)

function kindByName(name: string | undefined, retryable = false): ServiceErrorKind {
  if (isOfCredential(name)) return 'authorization'
  return retryable ? 'unreachable' : 'service'
}
