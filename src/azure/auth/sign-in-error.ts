/** Why there is no token, and what to do: the SDK tells it as a page of what it has tried. */
import { ServiceError } from '../../pipeline/ports/errors.ts'

const SERVICE = 'sign-in'
/** The tools that are asked for a token could not reach Microsoft Entra. */
const WITHOUT_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|ETIMEDOUT|getaddrinfo|network[_ ]error|Max retries exceeded|Failed to establish a new connection|no such host|i\/o timeout/i

/** @param tenantId of the configuration, undefined: any */
export function signInError(error: unknown, tenantId: string | undefined): ServiceError {
  if (error instanceof ServiceError) return error
  const said = reasonIn(error)
  if (said !== undefined && WITHOUT_NETWORK.test(said))
    return new ServiceError('unreachable', SERVICE, `Microsoft Entra cannot be reached: ${firstLine(said)}`, {
      hint: 'Check the network and a proxy.',
      cause: error,
    })
  const login = `az login${tenantId === undefined ? '' : ` --tenant ${tenantId}`}`
  // The SDK leaves out which of the two it is.
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
/** The chain goes on behind tools without a sign-in; the environment's application that is refused ends it. */
const isOfApplication = (error: unknown) =>
  (error as { name?: string } | null)?.name === 'AuthenticationError'

/** What one of those asked has to say; undefined: none of them is there, or knows anybody. */
function reasonIn(error: unknown): string | undefined {
  const parts = (error as { errors?: unknown } | null)?.errors
  if (!Array.isArray(parts)) return textOf(error)
  const texts = parts.map(textOf).filter((text) => !ABSENT.test(text))
  return texts.find((text) => /AADSTS/.test(text)) ?? texts.find((text) => !ASKS_TO_SIGN_IN.test(text))
}

/** Of those that are not there at all, or that a laptop does not have. */
const ABSENT =
  /^(Environment|ManagedIdentity|WorkloadIdentity|Broker|VisualStudioCode)Credential|^Visual Studio Code|PowerShell|not be found|n't be found|not installed/
const ASKS_TO_SIGN_IN = /^Please run/i

const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^\s*(ERROR: *)+/, '').trim()

/** Without dates, ids and addresses, which are for support. */
const firstLine = (text: string) =>
  (text.split('\n')[0] ?? '')
    .replace(/(AADSTS\d+: [^.]*\.).*$/, '$1')
    .replace(/\s*(Trace ID|Correlation ID|To troubleshoot)\b.*$/, '')
    .slice(0, 300)

/** The tools say which sign-in would do. */
const commandIn = (text: string): string | undefined =>
  /\b(az login --|azd auth login)[^\n`']*/.exec(text)?.[0].trim()
