/** Who we are to Azure: the token of a local session, or the sign-in that the environment has. */
import type { AccessToken, TokenCredential } from '@azure/identity'
import { type AnswerLimits, boundedHttpClient } from '../http/bounded-http-client.ts'
import { keepingTokens, type TokenKeeper } from './token-keeper.ts'

/** The SDKs refresh a token that is about to expire; the local session's token never expires. */
const FAR_MS = 24 * 3_600_000
/** Longest wait for a command-line tool (ms): `az` hangs without a network. */
const LONGEST_TOOL_MS = 15_000
/** A token has some kilobytes. */
const LIMITS: AnswerLimits = { bytes: 1_000_000, silenceMs: 30_000, wholeMs: 60_000 }

/** The token of a local session, valid for every scope. */
export function sessionCredential(token: string): TokenCredential {
  return {
    getToken: async (): Promise<AccessToken> => ({ token, expiresOnTimestamp: Date.now() + FAR_MS }),
  }
}

/**
 * Environment, managed identity, Azure CLI, azd …: whatever is signed in. Loaded only for the Azure target.
 * Tokens are cached: otherwise the SDK runs the command-line tools each time, which keeps a processor busy
 * for a second.
 * @param limits of an answer of a service that gives tokens; replaced in tests.
 */
export async function azureCredential(
  tenantId: string | undefined,
  limits: AnswerLimits = LIMITS,
): Promise<TokenKeeper> {
  const { DefaultAzureCredential } = await import('@azure/identity')
  const credential = new DefaultAzureCredential({
    processTimeoutInMs: LONGEST_TOOL_MS,
    httpClient: boundedHttpClient('the sign-in', limits),
    ...(tenantId === undefined ? {} : { tenantId }),
  })
  return keepingTokens(credential, { now: Date.now, tenantId })
}
