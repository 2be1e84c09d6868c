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
  if (said === undefined || ASKS_TO_SIGN_IN.test(said)) return nobody(error, login)
  const reason = firstLine(said)
  const text = reason.startsWith('AADSTS') ? reason : `the sign-in is not accepted: ${reason}`
  return new ServiceError('authorization', SERVICE, text, {
    hint: remedyOf(said) ?? commandIn(said) ?? (isOfApplication(error) ? APPLICATION : login),
    needsSignIn: true,
    cause: error,
  })
}

const APPLICATION = 'Check AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID.'
/** The chain goes past tools that are not signed in; a refused application from the environment ends it. */
const isOfApplication = (error: unknown) =>
  (error as { name?: string } | null)?.name === 'AuthenticationError'

/** Codes of Microsoft Entra for which another sign-in is no remedy. */
const REMEDIES: readonly (readonly [code: RegExp, remedy: string])[] = [
  [
    /AADSTS(?:70021[123]?|7002138)\b/,
    'Check the federated credential of the application: issuer, subject and audience are compared to the letter.',
  ],
  [
    /AADSTS700024\b/,
    'Check the clock of this machine, and that the token in AZURE_FEDERATED_TOKEN_FILE is renewed.',
  ],
  [/AADSTS70002(?:15|22)\b/, APPLICATION],
  [
    /AADSTS(?:700016|90002)\b/,
    'Check AZURE_TENANT_ID, and AZURE_CLIENT_ID where an application signs in: the one does not know the other.',
  ],
  [
    /AADSTS530\d{2,3}\b/,
    'A policy of the tenant forbids it from this device or network: its administrator knows from where it is allowed.',
  ],
]

const remedyOf = (said: string) => REMEDIES.find(([code]) => code.test(said))?.[1]

/** What Azure says of a machine's own identity when it has one to speak of. */
const REFUSED_IDENTITY = /identity not found|multiple user[- ]assigned identities|has not been assigned/i

/** The SDK does not say whether nobody is signed in or the sign-in has run out. */
function nobody(error: unknown, login: string): ServiceError {
  const refused = partsOf(error)
    .filter((text) => /^ManagedIdentityCredential/.test(text))
    .map((text) => REFUSED_IDENTITY.exec(text)?.[0].toLowerCase())
    .find((phrase) => phrase !== undefined)
  const ofMachine =
    refused === undefined ? '' : `; the managed identity of this machine is refused: ${refused}`
  return new ServiceError(
    'authorization',
    SERVICE,
    `nobody is signed in, or the sign-in has run out${ofMachine}`,
    {
      hint:
        refused === undefined
          ? login
          : `${login}, or give this machine the identity and set AZURE_CLIENT_ID to it.`,
      needsSignIn: true,
      cause: error,
    },
  )
}

/** The messages of all that was tried. */
function partsOf(error: unknown): string[] {
  const parts = (error as { errors?: unknown } | null)?.errors
  return (Array.isArray(parts) ? parts : [error]).map(textOf)
}

/** The message of one of the tools; undefined when none is installed or signed in. */
function reasonIn(error: unknown): string | undefined {
  if (!Array.isArray((error as { errors?: unknown } | null)?.errors)) return textOf(error)
  const texts = partsOf(error).filter((text) => !ABSENT.test(text))
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
    .replace(/^.*?(?=AADSTS\d+: )/, '')
    .replace(/(AADSTS\d+: [^.]*\.).*$/, '$1')
    .replace(/\s*(Trace ID|Correlation ID|To troubleshoot)\b.*$/, '')
    .slice(0, 300)

/** The tools say which sign-in is needed. */
const commandIn = (text: string): string | undefined =>
  /\b(az login --|azd auth login)[^\n`']*/.exec(text)?.[0].trim()
