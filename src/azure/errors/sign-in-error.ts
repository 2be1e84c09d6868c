/** Why there is no token, and what to do. The SDK's own message is a page that lists everything it tried. */
import { ServiceError } from '../../pipeline/ports/errors.ts'

const SERVICE = 'sign-in'
/** The sign-in tools could not reach Microsoft Entra. */
const WITHOUT_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|ETIMEDOUT|getaddrinfo|network[_ ]error|Max retries exceeded|Failed to establish a new connection|no such host|i\/o timeout/i

/** @param tenantId from the configuration; undefined means any */
export function signInError(error: unknown, tenantId: string | undefined): ServiceError {
  if (error instanceof ServiceError) return error
  const said = reasonIn(error)
  if (said !== undefined && WITHOUT_NETWORK.test(said))
    return new ServiceError('unreachable', SERVICE, `Microsoft Entra cannot be reached: ${firstLine(said)}`, {
      hint: 'Check the network and a proxy.',
      cause: error,
    })
  const login = `az login${tenantId === undefined ? '' : ` --tenant ${tenantId}`}`
  // The SDK does not say which of the two it is.
  if (said === undefined || ASKS_TO_SIGN_IN.test(said))
    return new ServiceError('authorization', SERVICE, 'nobody is signed in, or the sign-in has run out', {
      hint: login,
      needsSignIn: true,
      cause: error,
    })
  const reason = firstLine(said)
  const text = reason.startsWith('AADSTS') ? reason : `the sign-in is not accepted: ${reason}`
  return new ServiceError('authorization', SERVICE, text, {
    hint: commandIn(said) ?? (isOfApplication(error) ? APPLICATION : login),
    needsSignIn: true,
    cause: error,
  })
}

const APPLICATION = 'Check AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID.'
/** The chain goes past tools that are not signed in; a refused application from the environment ends it. */
const isOfApplication = (error: unknown) =>
  (error as { name?: string } | null)?.name === 'AuthenticationError'

/** The message of one of the tools; undefined when none is installed or signed in. */
function reasonIn(error: unknown): string | undefined {
  const parts = (error as { errors?: unknown } | null)?.errors
  if (!Array.isArray(parts)) return textOf(error)
  const texts = parts.map(textOf).filter((text) => !ABSENT.test(text))
  return texts.find((text) => /AADSTS/.test(text)) ?? texts.find((text) => !ASKS_TO_SIGN_IN.test(text))
}

/** Messages of tools that are not installed, or that a laptop does not have. */
const ABSENT =
  /^(Environment|ManagedIdentity|WorkloadIdentity|Broker|VisualStudioCode)Credential|^Visual Studio Code|PowerShell|not be found|n't be found|not installed/
const ASKS_TO_SIGN_IN = /^Please run/i

const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^\s*(ERROR: *)+/, '').trim()

/** Removes dates, ids and addresses, which only help support. */
const firstLine = (text: string) =>
  (text.split('\n')[0] ?? '')
    .replace(/(AADSTS\d+: [^.]*\.).*$/, '$1')
    .replace(/\s*(Trace ID|Correlation ID|To troubleshoot)\b.*$/, '')
    .slice(0, 300)

/** The tools say which sign-in is needed. */
const commandIn = (text: string): string | undefined =>
  /\b(az login --|azd auth login)[^\n`']*/.exec(text)?.[0].trim()
