import type { AccessToken, TokenCredential } from '@azure/identity'

/** The SDKs refresh a token that is about to expire; the session's own never is. */
const FAR_MS = 24 * 3_600_000

/** The token of a local session, for every scope. */
export function sessionCredential(token: string): TokenCredential {
  return {
    getToken: async (): Promise<AccessToken> => ({ token, expiresOnTimestamp: Date.now() + FAR_MS }),
  }
}

/** Environment, managed identity, Azure CLI, azd …: whatever is signed in. Loaded only for the Azure target. */
export async function azureCredential(tenantId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity')
  return new DefaultAzureCredential(tenantId === undefined ? {} : { tenantId })
}
