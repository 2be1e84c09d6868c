/** Why a test of somebody else's fails on purpose, by the words that the refusal was made in. */
const REASONS: readonly (readonly [words: RegExp, reason: string])[] = [
  [/keeps no tags|x-ms-(if-)?tags|tag-option/i, 'tags of blobs'],
  [/keeps no versions/i, 'versions'],
  [/page blob|block blobs and append blobs only/i, 'page blobs'],
  [/tiers are Hot, Cool, Cold and Archive/i, 'access tiers: Smart'],
  [/one scope of encryption/i, 'encryption scopes'],
  [/runs no queries/i, 'queries on blobs'],
  [/Public access is not permitted/i, 'public access'],
  [/soft delete|keeps nothing that was deleted/i, 'soft delete'],
  [/the parameter blobtype/i, 'append blobs by the Data Lake’s interface'],
  [/no static website/i, 'static websites'],
  [/no second region/i, 'a second region'],
  [/no immutable storage/i, 'immutable storage'],
  [/(PUT|DELETE|POST) is not supported for .subscriptions/, 'changes of resources'],
  [/Keys are not told at/, 'keys, which `rtstream-tui endpoints` prints'],
  [/copies only what it holds/i, 'copies from elsewhere'],
  [/batches of deletes only/i, 'batches other than of deletes'],
]

/** @returns undefined when the message does not say that something is refused. */
export const reasonIn = (message: string): string | undefined =>
  REASONS.find(([words]) => words.test(message))?.[1]
