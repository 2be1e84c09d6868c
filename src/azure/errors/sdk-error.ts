/** Calls through the SDKs over HTTP: with a time limit, and with errors that a person understands. */
import { ServiceError, type ServiceErrorKind } from '../../pipeline/ports/errors.ts'
import { isNetworkCode, kindOfStatus } from './kinds.ts'
import { pageTitle } from './page-title.ts'
import { refusalHint } from './refusal-hints.ts'
import { retryAfterMs } from './retry-after.ts'

/** The parts that matter of what the SDKs over HTTP throw. */
interface RestErrorLike {
  statusCode?: number
  code?: string
  name?: string
  message?: string
  response?: { headers?: { get(name: string): string | undefined } }
}

const HINTS: Partial<Record<ServiceErrorKind, string>> = {
  authorization: 'Sign in (az login), or ask for the missing role; rtstream-tui doctor prints the command.',
  'not-found': 'Check the names in the configuration (rtstream-tui config).',
}

/** Longest wait for an answer (ms). */
const TIMEOUT_MS = 20_000

/**
 * @param service display name: `Stream Analytics`.
 * @param signal the caller's; when it aborts, its reason is thrown.
 * @param call gets the signal to pass on.
 * @throws ServiceError
 */
export async function callSdk<T>(
  service: string,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    signal?.throwIfAborted()
    return await call(signal ? AbortSignal.any([signal, timeout]) : timeout)
  } catch (error) {
    signal?.throwIfAborted()
    if (timeout.aborted)
      throw new ServiceError(
        'unreachable',
        service,
        `${service} does not answer (nothing for ${timeoutMs / 1000} s).`,
        { cause: error },
      )
    throw sdkError(service, error)
  }
}

/** @param service as the error names it. @returns one that a person understands; a ServiceError as it is. */
export function sdkError(service: string, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  const { statusCode, code, name, message, response } = error as RestErrorLike
  const line = lineOf(String(message ?? error), statusCode)
  if (code === 'PARSE_ERROR') return unreadable(service, String(message), error)
  const kind = kindOf(statusCode, code, name)
  const text =
    kind === 'unreachable' ? `${service} does not answer (${code ?? line}).` : `${service}: ${line}`
  const needsSignIn = kind === 'authorization' && statusCode !== 403
  const told = refusalHint(code, line)
  return new ServiceError(kind, service, text, {
    needsSignIn,
    cause: error,
    retryAfterMs: retryAfterMs(response?.headers),
    hint: told ?? (needsSignIn ? 'Sign in again: az login.' : HINTS[kind]),
    isExplained: told !== undefined,
  })
}

/** Of a page its title, which stands for all of it in the SDK's message; of nothing at all the status. */
function lineOf(message: string, status: number | undefined): string {
  const line = (pageTitle(message) ?? message).split('\n')[0]?.trim() ?? ''
  return line !== '' && !line.startsWith('<') ? line : `an answer without a reason (${status ?? 'no status'})`
}

/**
 * The answer was cut off, or is a page of a portal or proxy; the SDK puts the whole page into its message.
 */
function unreadable(service: string, message: string, cause: unknown): ServiceError {
  if (/^Error reading response/.test(message))
    return new ServiceError('unreachable', service, `The answer of ${service} was cut off.`, { cause })
  return new ServiceError('service', service, `${service} answered something that is not JSON.`, {
    hint: 'Check that the address is that of the service and not of a portal or a proxy.',
    cause,
  })
}

function kindOf(
  status: number | undefined,
  code: string | undefined,
  name: string | undefined,
): ServiceErrorKind {
  if (/Credential|Authentication/.test(name ?? '')) return 'authorization'
  const isAway = isNetworkCode(code) || code === 'REQUEST_SEND_ERROR' || name === 'AbortError'
  return kindOfStatus(status) ?? (isAway ? 'unreachable' : 'service')
}
