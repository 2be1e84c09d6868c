import { ServiceError, type ServiceErrorKind } from '../pipeline/ports.ts'

/** What the SDKs over HTTP throw, in the parts that matter. */
interface RestErrorLike {
  statusCode?: number
  code?: string
  name?: string
  message?: string
  response?: { headers?: { get(name: string): string | undefined } }
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'REQUEST_SEND_ERROR',
])

/** @param service as a person calls it: `Stream Analytics`. */
export function sdkError(service: string, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  const { statusCode, code, name, message, response } = error as RestErrorLike
  const seconds = Number(response?.headers?.get('retry-after'))
  const [line] = String(message ?? error).split('\n')
  const kind = kindOf(statusCode, code, name)
  return new ServiceError(
    kind,
    service,
    kind === 'unreachable' ? `${service} does not answer (${code ?? line}).` : `${service}: ${line}`,
    {
      cause: error,
      retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
      hint:
        kind === 'authorization'
          ? 'Sign in (az login), or ask for the missing role; rtstream-tui doctor prints the command.'
          : undefined,
    },
  )
}

function kindOf(
  status: number | undefined,
  code: string | undefined,
  name: string | undefined,
): ServiceErrorKind {
  if (status === 401 || status === 403 || /Credential|Authentication/.test(name ?? '')) return 'authorization'
  if (status === 404) return 'not-found'
  if (status === 409 || status === 412) return 'conflict'
  if (status === 429 || status === 503) return 'throttled'
  if (UNREACHABLE.has(code ?? '') || name === 'AbortError') return 'unreachable'
  return 'service'
}
