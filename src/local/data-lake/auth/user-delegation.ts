/** User delegation keys, https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key: derived from their terms, so none is stored. */
import { createHmac } from 'node:crypto'

/** As a signature carries them. */
export interface DelegationTerms {
  /** Whose key it is. */
  skoid: string
  sktid: string
  /** Start and end of its validity. */
  skt: string
  ske: string
  sks: string
  skv: string
  /** The tenant of the one user that it is for; '' for any. */
  skdutid: string
}

/** @param accountKey base64. @returns base64 */
export function delegationKey(accountKey: string, terms: DelegationTerms): string {
  const { skoid, sktid, skt, ske, sks, skv, skdutid } = terms
  const text = ['user delegation key', skoid, sktid, skt, ske, sks, skv, skdutid].join('\n')
  return createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text, 'utf8').digest('base64')
}
