/** What would change the meaning of a request and is not served: refused, never passed over. */
import { HttpError } from '../../http/errors.ts'
import type { LakeCall } from './lake-call.ts'

const HEADERS = [
  'x-ms-if-tags',
  'x-ms-source-if-tags',
  'x-ms-tags',
  'x-ms-encryption-key',
  'x-ms-encryption-scope',
  'x-ms-legal-hold',
  'x-ms-immutability-policy-until-date',
  'x-ms-expiry-option',
  // The body itself would carry checksums between its parts.
  'x-ms-structured-body',
]

/** @throws HttpError */
export function refuseUnsupported({ request, query, path }: LakeCall): void {
  // Some clients send what they do not ask for as an empty header.
  const given = (name: string) => String(request.headers[name] ?? '') || undefined
  for (const name of ['snapshot', 'versionid'])
    if (query.has(name))
      throw new HttpError(
        400,
        'UnsupportedQueryParameter',
        `The local lake keeps no snapshots or versions: leave ${name} out.`,
      )
  const unsupported = HEADERS.find((name) => given(name) !== undefined)
  if (unsupported !== undefined) throw unsupportedHeader(unsupported, given(unsupported))
  if (given('x-ms-delete-snapshots')?.toLowerCase() === 'only')
    throw unsupportedHeader('x-ms-delete-snapshots', 'only')
  const tier = given('x-ms-access-tier')
  if (tier !== undefined && tier !== 'Hot') throw unsupportedHeader('x-ms-access-tier', tier)
  if (given('x-ms-lease-id') !== undefined || given('x-ms-source-lease-id') !== undefined)
    throw new HttpError(
      412,
      `LeaseNotPresentWith${path === '' ? 'Container' : 'Blob'}Operation`,
      'There is no lease here: the local lake does not support leases.',
    )
  if (given('x-ms-blob-public-access') !== undefined)
    throw new HttpError(409, 'PublicAccessNotPermitted', 'Public access is not permitted on this account.')
}

const unsupportedHeader = (name: string, value: string | undefined) =>
  new HttpError(
    400,
    'UnsupportedHeader',
    `The local lake does not support the header ${name}: ${value?.slice(0, 50)}.`,
  )
