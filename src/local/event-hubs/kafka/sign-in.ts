/** Who a Kafka client is: SASL PLAIN with a connection string, as the service has it, or OAUTHBEARER with the session's token. */
import { checkToken, type HubAuth, isKey, typeOfToken } from '../links/sas.ts'

/** In the order in which they are offered. */
export const MECHANISMS = ['PLAIN', 'OAUTHBEARER'] as const
export type Mechanism = (typeof MECHANISMS)[number]

/** The name that stands for "the password is a connection string". */
const CONNECTION_STRING = '$ConnectionString'

/** Names are exact, as in the protocol. */
export const isMechanism = (name: string): name is Mechanism =>
  (MECHANISMS as readonly string[]).includes(name)

/** Until when a proof holds (epoch milliseconds), or why it is not accepted, for a person. */
export type Proof = { expiresAt: number } | { refused: string }

/** @param response as the client sent it for that mechanism. @param now epoch ms. */
export function checkProof(
  mechanism: Mechanism,
  response: Buffer,
  auth: HubAuth,
  hubName: string,
  now: number,
): Proof {
  if (auth.isExpired?.()) return { refused: 'The token has expired.' }
  return mechanism === 'PLAIN' ? checkPlain(response, auth) : checkBearer(response, auth, hubName, now)
}

function checkPlain(response: Buffer, auth: HubAuth): Proof {
  const [, name = '', password = ''] = response.toString('utf8').split('\0')
  if (name !== CONNECTION_STRING)
    return {
      refused: `The user name is the text ${CONNECTION_STRING}, and the password a connection string (rtstream-tui endpoints).`,
    }
  const field = (key: string) => new RegExp(`(?:^|;)${key}=([^;]*)`).exec(password)?.[1] ?? ''
  return isKey(auth, field('SharedAccessKeyName'), field('SharedAccessKey'))
    ? { expiresAt: Number.POSITIVE_INFINITY }
    : { refused: 'The key of the connection string is not that of this session (rtstream-tui endpoints).' }
}

/** RFC 7628: `n,,\x01auth=Bearer TOKEN\x01\x01`. */
function checkBearer(response: Buffer, auth: HubAuth, hubName: string, now: number): Proof {
  const token = /\x01auth=Bearer ([^\x01]+)\x01/i.exec(response.toString('utf8'))?.[1]
  if (token === undefined) return { refused: 'The response holds no bearer token.' }
  const checked = checkToken(auth, hubName, { type: typeOfToken(token), token }, now)
  return 'refused' in checked ? { refused: `The token is not accepted: ${checked.refused}.` } : checked
}
