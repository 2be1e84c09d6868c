/** What the lake knows about one REST operation: what its request looks like, and what is supported. */

/** One row of the table by which requests are told apart, and by which what is not served is refused. */
export interface Operation {
  /** Names the handler. */
  readonly id: string
  /** As the REST reference has it. */
  readonly name: string
  /** Which of the two interfaces; errors have its form. */
  readonly api: 'Blob' | 'Data Lake'
  /** Where its address stands: the account, a container, or a path in one. */
  readonly level: 'account' | 'container' | 'path'
  readonly methods: readonly string[]
  /** Words of the query that make a request this operation, in lower case; `*` is any. */
  readonly words?: Readonly<Record<string, string>>
  /** Headers that make a request this operation, all of them, in lower case; `*` is any value. */
  readonly by?: Readonly<Record<string, string>>
  /** Parameters of the query that are served, in lower case. */
  readonly parameters?: readonly string[]
  /** `x-ms-` headers that are served; `*` at the end stands for any ending. */
  readonly headers?: readonly string[]
  /** Values, in lower case, where not every one is served; none: only the empty one. `include` is a list of them. */
  readonly values?: Readonly<Record<string, readonly string[]>>
  /** Why the whole operation is refused. */
  readonly refusal?: string
  /** The service's status and code of that refusal; default `400 UnsupportedQueryParameter`. */
  readonly refusedWith?: `${number} ${string}` | undefined
}

/** Of what an account with a hierarchical namespace does not have, in the answers recorded of live ones (borink-org/object-tests, azure-hns). */
export const NOT_IN_HIERARCHY = '409 FeatureNotYetSupportedForHierarchicalNamespaceAccounts'

/** Of ASCII: in no address and no parameter, while U+0085 is taken. */
export const CONTROL_CHARACTER = /[\x00-\x1f\x7f]/

/** The query's words that tell operations apart; all others are parameters. */
export const SELECTORS = ['comp', 'restype', 'resource', 'action'] as const

/** Served with every operation. */
export const EVERY_HEADER = [
  'x-ms-client-request-id',
  'x-ms-date',
  'x-ms-return-client-request-id',
  'x-ms-useragent',
  'x-ms-version',
]

/** Those of a shared access signature stand in the query too. */
export const EVERY_PARAMETER = ['api-version', 'timeout']

/** Of a shared access signature: any request may have them. The last five (`rsc…`) replace headers of the answer. */
export const SIGNATURE_PARAMETERS = [
  ...['sv', 'ss', 'srt', 'st', 'se', 'sp', 'sip', 'spr', 'sig', 'sr', 'si', 'sdd', 'ses'],
  ...[
    'skoid',
    'sktid',
    'skt',
    'ske',
    'sks',
    'skv',
    'saoid',
    'suoid',
    'scid',
    'skdutid',
    'sduoid',
    'srh',
    'srq',
  ],
  ...['rscc', 'rscd', 'rsce', 'rscl', 'rsct'],
]

/** Of an operation that a lease can forbid. */
export const LEASE = ['x-ms-lease-id']
/** Of the lease operations themselves. */
export const LEASING = [
  'x-ms-lease-action',
  'x-ms-lease-id',
  'x-ms-lease-duration',
  'x-ms-lease-break-period',
  'x-ms-proposed-lease-id',
]
/** Of an operation that sets metadata in the Blob form; in the DFS form it is `x-ms-properties`. */
export const METADATA = ['x-ms-meta-*']
const CONTENT = ['type', 'encoding', 'language', 'disposition', 'md5']
/** Content headers in the Blob form. */
export const BLOB_CONTENT = ['x-ms-blob-cache-control', ...CONTENT.map((one) => `x-ms-blob-content-${one}`)]
/** The same in the DFS form. */
export const PATH_CONTENT = ['x-ms-cache-control', ...CONTENT.map((one) => `x-ms-content-${one}`)]
/** Of a copy, or of a rename. */
export const CONDITIONS_ON_SOURCE = [
  'x-ms-source-if-match',
  'x-ms-source-if-none-match',
  'x-ms-source-if-modified-since',
  'x-ms-source-if-unmodified-since',
]
/** Of a body on its way. */
export const CHECKSUMS = ['x-ms-content-crc64', 'x-ms-structured-body', 'x-ms-structured-content-length']
/** Owner, group and access list of a path. */
export const ACCESS = ['x-ms-owner', 'x-ms-group', 'x-ms-permissions', 'x-ms-acl']
/** When a file goes by itself. */
export const EXPIRY = ['x-ms-expiry-option', 'x-ms-expiry-time']
/** Of what makes or changes a block blob. */
export const TIER = ['x-ms-access-tier']
/** Where the blob may be on its way out of the archive. */
export const REHYDRATION = ['x-ms-rehydrate-priority']
/** Values of both. Smart is a tier of accounts that have it turned on, and those of page blobs are of premium accounts. */
export const TIERS = {
  'x-ms-access-tier': ['hot', 'cool', 'cold', 'archive'],
  'x-ms-rehydrate-priority': ['standard', 'high'],
} as const

/** Tiers of the service, of page blobs too; any other word is none. */
export const isTier = (word: string): boolean =>
  /^(hot|cool|cold|archive|smart)$/i.test(word) || isPageTier(word)

/** Only setting a tier knows them: what makes a block blob does not (recordings of the SDK for .NET, `CommitBlockListAsync_AccessTierFail`). */
export const isPageTier = (word: string): boolean => /^(premium|p\d{1,2})$/i.test(word)

const key = (of: string) => ['key', 'key-sha256', 'algorithm'].map((one) => `${of}-${one}`)
/** A key that the client provides. */
export const KEY = key('x-ms-encryption')
/** That of a copy's source. */
export const SOURCE_KEY = key('x-ms-source-encryption')
/** Values of both. */
export const KEYS = {
  'x-ms-encryption-algorithm': ['aes256'],
  'x-ms-source-encryption-algorithm': ['aes256'],
} as const

/** Of encryption: every account has the one that is named so, and the local one no other. */
export const SCOPE = ['x-ms-default-encryption-scope', 'x-ms-deny-encryption-scope-override']
/** Values of {@link SCOPE}. */
export const SCOPES = {
  'x-ms-default-encryption-scope': ['$account-encryption-key'],
  'x-ms-deny-encryption-scope-override': ['true', 'false'],
} as const

/** Of what the lake does in one step: a client has none to send back. */
export const WHOLE = { continuation: [] } as const

/** Why headers and parameters of the service are not served, by how their names begin. */
const REASONS: readonly (readonly [prefix: RegExp, why: string])[] = [
  [/^snapshot$/, 'a snapshot is never changed'],
  [/^versionid$|^prevsnapshot/, 'it keeps no versions'],
  [/tags?$|tag-option$/, 'it keeps no tags of blobs'],
  [/encryption-scope/, 'its one scope of encryption is $account-encryption-key'],
  [/encrypt/, 'the service takes no key for it'],
  [/^x-ms-(legal-hold|immutability-policy)/, 'it has no immutable storage'],
  [/access-tier|rehydrate|tier/, 'its tiers are Hot, Cool, Cold and Archive, of block blobs'],
  [/^x-ms-blob-public-access$/, 'nobody comes in without a proof'],
  [/^deletetype$|undelete|^deletedwith/, 'soft delete is off'],
  [/page|sequence-number/, 'it has no page blobs'],
  [/^continuation$/, 'it does the whole in one step, and gave none'],
]

/** Why a header or parameter is not served; undefined: there is no reason but that it is unknown. */
export function reasonFor(name: string): string | undefined {
  return REASONS.find(([prefix]) => prefix.test(name))?.[1]
}
