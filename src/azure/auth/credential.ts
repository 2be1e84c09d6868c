import type { AccessToken, TokenCredential } from '@azure/identity'
import { keepingTokens, type TokenKeeper } from './token-keeper.ts'

/** The SDKs refresh a token that is about to expire; the session's own never is. */
const FAR_MS = 24 * 3_600_000
/** A command-line tool that hangs, as `az` without a network does, is not waited for any longer (ms). */
const LONGEST_TOOL_MS = 15_000

/** The token of a local session, for every scope. */
export function sessionCredential(token: string): TokenCredential {
  return {
    getToken: async (): Promise<AccessToken> => ({ token, expiresOnTimestamp: Date.now() + FAR_MS }),
  }
}

/**
 * Environment, managed identity, Azure CLI, azd …: whatever is signed in. Loaded only for the Azure target. Tokens are kept:
 * the SDK asks the command-line tools anew each time, which takes a second of all of a processor.
 */
export async function azureCredential(tenantId: string | undefined): Promise<TokenKeeper> {
  const { DefaultAzureCredential } = await import('@azure/identity')
  const credential = new DefaultAzureCredential({
    processTimeoutInMs: LONGEST_TOOL_MS,
    ...(tenantId === undefined ? {} : { tenantId }),
  })
  return keepingTokens(credential, { now: Date.now, tenantId })
}
