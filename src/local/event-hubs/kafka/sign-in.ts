/** Who a Kafka client is: SASL PLAIN with a connection string, as the service has it, or OAUTHBEARER with the session's token. */
import { checkToken, type HubAuth, isKey, typeOfToken } from '../links/sas.ts'

export const MECHANISMS = ['PLAIN', 'OAUTHBEARER'] as const
export type Mechanism = (typeof MECHANISMS)[number]

/** The name that stands for "the password is a connection string". */
const CONNECTION_STRING = '$ConnectionString'

export const isMechanism = (name: string): name is Mechanism =>
  (MECHANISMS as readonly string[]).includes(name)

/** @returns why not, for a person; undefined: it is right. */
export function refusalOf(
  mechanism: Mechanism,
  response: Buffer,
  auth: HubAuth,
  hubName: string,
  now: number,
) {
  if (auth.isExpired?.()) return 'The token has expired.'
  return mechanism === 'PLAIN'
    ? refusalOfPlain(response, auth)
    : refusalOfBearer(response, auth, hubName, now)
}

function refusalOfPlain(response: Buffer, auth: HubAuth): string | undefined {
  const [, name = '', password = ''] = response.toString('utf8').split('\0')
  if (name !== CONNECTION_STRING)
    return `The user name is the text ${CONNECTION_STRING}, and the password a connection string (rtstream-tui endpoints).`
  const field = (key: string) => new RegExp(`(?:^|;)${key}=([^;]*)`).exec(password)?.[1] ?? ''
  return isKey(auth, field('SharedAccessKeyName'), field('SharedAccessKey'))
    ? undefined
    : 'The key of the connection string is not that of this session (rtstream-tui endpoints).'
}

/** RFC 7628: `n,,\x01auth=Bearer TOKEN\x01\x01`. */
function refusalOfBearer(response: Buffer, auth: HubAuth, hubName: string, now: number): string | undefined {
  const token = /\x01auth=Bearer ([^\x01]+)\x01/i.exec(response.toString('utf8'))?.[1]
  if (token === undefined) return 'The response holds no bearer token.'
  const checked = checkToken(auth, hubName, { type: typeOfToken(token), token }, now)
  return 'refused' in checked ? `The token is not accepted: ${checked.refused}.` : undefined
}
