/** Shared access signatures made with the account key or a user delegation key, https://learn.microsoft.com/rest/api/storageservices/delegate-access-with-shared-access-signature */
import { createHmac } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { sameSecret } from '../../http/bearer.ts'
import { HttpError } from '../../http/errors.ts'
import { type DelegationTerms, delegationKey } from './user-delegation.ts'

/** What a request needs from a signature. */
export interface SasNeed {
  /** Where the request acts: on the account, on a container, on a path in it; `any` is reached by every signature. */
  level: 'service' | 'container' | 'object' | 'any'
  /** Letters of permissions; one of them is enough. */
  anyOf: string
  /** Something stands already where the request makes or moves a blob: the letter that is enough otherwise. */
  butFor?: 'c' | 'm'
}

/** What the signature is checked against. */
export interface SasTarget {
  container: string
  /** Of the listed folder when it is a listing. */
  path: string
  /** Holds the signature. */
  query: URLSearchParams
  /** Of the request, in lower case; a signature may name some that it must have. */
  headers?: Readonly<Record<string, string | string[] | undefined>>
}

/** What a signature is checked against. */
export interface SasContext {
  account: string
  /** base64 */
  accountKey: string
  /** Epoch ms. */
  now: number
  isTls: boolean
  /** The client's. */
  address: string | undefined
  /** Under which the client asked, with its port. */
  host?: string | undefined
  /** Whoever has signed in beside the signature, by the session's token. */
  user?: { oid: string; tid: string }
  /** A stored access policy of a container. */
  policyOf(container: string, id: string): SasPolicy | undefined
}

/** What a stored access policy sets instead of the signature. Times as in 2026-01-31T12:00:00Z. */
export interface SasPolicy {
  start?: string
  expiry?: string
  permission?: string
}

/** The version that put the encryption scope into what is signed, the one that put the resource into it, and the oldest that is taken. */
const WITH_SCOPE = '2020-12-06'
const WITH_RESOURCE = '2018-11-09'
const OLDEST_SERVICE_VERSION = '2015-04-05'

const LEVELS = { service: 's', container: 'c', object: 'o' } as const
const AUTHENTICATION = 'AuthenticationFailed'

/** The versions that put more into what is signed of a user delegation SAS. */
const WITH_DELEGATED_TENANT = '2025-07-05'
const WITH_SIGNED_HEADERS = '2026-04-06'

/**
 * Account, service and user delegation SAS, the service's with a stored access policy too.
 * @throws HttpError 403 with what is wrong with it.
 */
export function checkSas(target: SasTarget, need: SasNeed, context: SasContext): void {
  const { query } = target
  const signed = (name: string) => query.get(name) ?? ''
  const isAccount = query.has('ss') || query.has('srt')
  const terms = query.has('skoid') ? delegationIn(signed, context.now) : undefined
  // Told of lists by the signature of one blob (azcopy's issue 1292, azure-powershell's 14435, azure-sdk-for-rust's 1096).
  if (!isAccount && !['any', 'object'].includes(need.level) && !['c', 'd'].includes(signed('sr')))
    throw refusal(
      AUTHENTICATION,
      `the specified signed resource is not allowed for this resource level: sr=${signed('sr').slice(0, 8)} is not for a whole container`,
    )
  const texts = isAccount
    ? [accountText(signed, context.account)]
    : accountsIn(target, context).map((name) => serviceText(target, signed, name, terms !== undefined))
  const key = Buffer.from(terms ? delegationKey(context.accountKey, terms) : context.accountKey, 'base64')
  const signs = (text: string) =>
    sameSecret(signed('sig'), createHmac('sha256', key).update(text, 'utf8').digest('base64'))
  if (!texts.some(signs))
    throw refusal(
      AUTHENTICATION,
      signed('sig').includes(' ')
        ? 'a plus in a query is a blank: write the one in sig as %2B'
        : 'its signature does not match: check the account key (rtstream-tui endpoints) and what it was made for',
    )
  if (!isAccount) checkOrder(signed('sp'))
  const given = withPolicy(target, signed, context)
  checkTimes(given, context.now)
  if (given('spr') === 'http') throw refusal(AUTHENTICATION, 'spr is https, or https,http: http alone is not')
  if (given('spr') === 'https' && !context.isTls)
    throw refusal('AuthorizationProtocolMismatch', 'it is for https only')
  checkUser(given, context)
  if (given('sip') !== '' && !isWithin(context.address, given('sip')))
    throw refusal('AuthorizationSourceIPMismatch', `it is for ${given('sip')} only`)
  if (isAccount && !given('ss').includes('b'))
    throw refusal('AuthorizationServiceMismatch', 'it is for another service than blobs')
  if (need.level !== 'any' && (isAccount ? !given('srt').includes(LEVELS[need.level]) : !isForService(need)))
    throw refusal(
      // A service SAS has no types of resources that could be others.
      isAccount ? 'AuthorizationResourceTypeMismatch' : 'AuthorizationFailure',
      `it does not reach to what a request at the level of the ${need.level} acts on`,
    )
  if (![...need.anyOf].some((letter) => given('sp').includes(letter)))
    throw refusal(
      need.butFor && given('sp').includes(need.butFor)
        ? 'UnauthorizedBlobOverwrite'
        : 'AuthorizationPermissionMismatch',
      need.anyOf === ''
        ? 'no signature opens this operation'
        : `it lacks the permission that this request needs (${[...need.anyOf].join(' or ')})`,
    )
}

/** @throws HttpError 403 for a key that is not valid now. */
function delegationIn(signed: Given, now: number): DelegationTerms {
  const [skoid, sktid, skt, ske] = ['skoid', 'sktid', 'skt', 'ske'].map(signed) as [
    string,
    string,
    string,
    string,
  ]
  if (!(Date.parse(skt) <= now && now < Date.parse(ske)))
    throw refusal(AUTHENTICATION, 'its user delegation key does not hold now: get another one')
  const [sks, skv, skdutid] = ['sks', 'skv', 'skdutid'].map(signed) as [string, string, string]
  return { skoid, sktid, skt, ske, sks, skv, skdutid }
}

/** A signature, or its key, may be for one user alone, who signs in beside it. @throws HttpError 403 */
function checkUser(signed: Given, { user }: SasContext): void {
  const [oid, tid] = [signed('sduoid'), signed('skdutid')]
  if ((oid !== '' || tid !== '') && !user)
    throw refusal(AUTHENTICATION, 'it is for one user, whose bearer token must come with it')
  if ((oid !== '' && oid !== user?.oid) || (tid !== '' && tid !== user?.tid))
    throw refusal(AUTHENTICATION, 'it is for another user than the one whose token came with it')
}

/** In which permissions must stand, except in the account's signatures; of those left out the reference does not say where. */
const ORDER = 'racwdxltmeopi'

/** SDKs put them in order, but for texts that they were given as they are. @throws HttpError 403 */
function checkOrder(permissions: string): void {
  const places = [...permissions].map((letter) => ORDER.indexOf(letter)).filter((place) => place >= 0)
  if (places.every((place, at) => at === 0 || place > (places[at - 1] as number))) return
  throw refusal(AUTHENTICATION, `sp has its letters in another order than ${ORDER}, or one of them twice`)
}

/** The policy supplies what the signature leaves out, and nothing that it has. @throws HttpError 403 */
function withPolicy({ container }: SasTarget, signed: Given, { policyOf }: SasContext): Given {
  if (signed('si') === '') return signed
  const policy = policyOf(container, signed('si'))
  if (!policy)
    throw refusal(AUTHENTICATION, `the container has no access policy ${signed('si').slice(0, 64)}`)
  const own: Record<string, string | undefined> = {
    st: policy.start,
    se: policy.expiry,
    sp: policy.permission,
  }
  for (const [name, value] of Object.entries(own))
    if (value && signed(name) !== '')
      throw refusal(AUTHENTICATION, `${name} stands both in it and in the access policy ${signed('si')}`)
  return (name) => signed(name) || (own[name] ?? '')
}

/** A service SAS never makes, deletes or describes containers; it lists what is in one. */
const isForService = ({ level, anyOf }: SasNeed) =>
  level === 'object' || (level === 'container' && anyOf === 'l')

const refusal = (code: string, why: string) => new HttpError(403, code, `The SAS is refused: ${why}.`)

type Given = (name: string) => string

function accountText(given: Given, account: string): string {
  const fields = ['sp', 'ss', 'srt', 'st', 'se', 'sip', 'spr', 'sv'].map(given)
  if (given('sv') >= WITH_SCOPE) fields.push(given('ses'))
  return `${[account, ...fields].join('\n')}\n`
}

/**
 * What clients take for the account's name. Python's take the whole path of an address on localhost, which for a client that was got
 * from a container's ends with the container. OpenDAL's take the account's from the address and once more from its path. Go's, with a user
 * delegation key, takes what stands before the first dot of the host.
 */
const accountsIn = ({ container }: SasTarget, { account, host = '' }: SasContext): string[] => [
  account,
  `${account}/${container}`,
  `${account}/${account}`,
  ...(host === '' ? [] : [host.split('.')[0] as string]),
]

function serviceText(target: SasTarget, given: Given, account: string, isDelegated: boolean): string {
  const { container, path } = target
  const version = given('sv')
  if (version < OLDEST_SERVICE_VERSION)
    throw refusal(AUTHENTICATION, `its version is older than ${OLDEST_SERVICE_VERSION}`)
  const resource = ['', 'blob', account, container, ...scope(path, given)].join('/')
  const by = isDelegated
    ? [
        ...['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv', 'saoid', 'suoid', 'scid'],
        ...(version >= WITH_DELEGATED_TENANT ? ['skdutid', 'sduoid'] : []),
      ]
    : ['si']
  return [
    ...['sp', 'st', 'se'].map(given),
    resource,
    ...[...by, 'sip', 'spr', 'sv'].map(given),
    ...(version >= WITH_RESOURCE ? [given('sr'), snapshotSigned(target, given)] : []),
    ...(version >= WITH_SCOPE ? [given('ses')] : []),
    ...(isDelegated && version >= WITH_SIGNED_HEADERS ? requestTexts(target, given) : []),
    ...['rscc', 'rscd', 'rsce', 'rscl', 'rsct'].map(given),
  ].join('\n')
}

/** One for a snapshot (`sr=bs`) names its time, and opens neither the blob nor another snapshot. */
const snapshotSigned = ({ query }: SasTarget, given: Given): string =>
  given('sr') === 'bs' ? (query.get('snapshot') ?? '') : ''

/** Headers and parameters that the signature requires of the request. */
function requestTexts({ query, headers = {} }: SasTarget, given: Given): [string, string] {
  const headerLines = signedNames(given('srh')).map((name) => `${name}:${headers[name.toLowerCase()] ?? ''}`)
  const queryLines = signedNames(given('srq')).map((name) => `${name}:${query.get(name.toLowerCase()) ?? ''}`)
  return [headerLines.map((line) => `${line}\n`).join(''), queryLines.map((line) => `\n${line}`).join('')]
}

/** Names of `srh` or `srq`; some clients percent-encode each name before they encode the list. */
export const signedNames = (list: string): string[] =>
  list
    .split(',')
    .filter(Boolean)
    .map((name) => {
      try {
        return decodeURIComponent(name)
      } catch {
        return name
      }
    })

/** The part of the path that the signature was made for; it decides what else is covered. */
function scope(path: string, given: Given): string[] {
  const segments = path.split('/').filter(Boolean)
  const kind = given('sr')
  if (kind === 'b' || kind === 'bs') return segments
  if (kind === 'c') return []
  const depth = Number(given('sdd'))
  if (kind === 'd' && /^\d{1,2}$/.test(given('sdd')) && depth <= segments.length)
    return segments.slice(0, depth)
  throw refusal(
    AUTHENTICATION,
    'it is for none of: a blob (sr=b), a snapshot of one (bs), a container (c), a directory (d) that holds the path',
  )
}

function checkTimes(given: Given, now: number): void {
  const time = (name: string) => {
    const text = given(name)
    const parsed = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]00:00))?$/.test(text)
      ? Date.parse(text)
      : Number.NaN
    if (Number.isNaN(parsed))
      throw refusal(AUTHENTICATION, `${name} is not a time such as 2026-01-31T12:00:00Z`)
    return parsed
  }
  // Clients look for these words of the service.
  const outside = (why: string) =>
    refusal(AUTHENTICATION, `Signature not valid in the specified time frame: ${why}`)
  if (given('st') !== '' && time('st') > now) throw outside(`it begins at ${given('st')}`)
  if (time('se') <= now) throw outside(`it expired at ${given('se')}`)
}

/** @param range `127.0.0.1` or `127.0.0.1-127.0.0.9` */
function isWithin(address: string | undefined, range: string): boolean {
  const [first = '', last = first] = range.split('-')
  if (isIP(first) !== 4 || isIP(last) !== 4) return false
  const allowed = new BlockList()
  try {
    allowed.addRange(first, last)
  } catch {
    return false
  }
  return allowed.check((address ?? '').replace(/^::ffff:/, ''))
}
