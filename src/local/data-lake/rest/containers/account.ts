/** Operations on the account: https://learn.microsoft.com/rest/api/storageservices/operations-on-the-account--blob-service- */
import { mkdirSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { readBody } from '../../../http/body.ts'
import { HttpError } from '../../../http/errors.ts'
import { LOCAL_USER } from '../../../runtime/session-token.ts'
import { type DelegationTerms, delegationKey } from '../../auth/user-delegation.ts'
import { containerHeaders, etagOf } from '../../store/entry.ts'
import { entryAt, isContainer } from '../../store/names.ts'
import type { Properties } from '../../store/properties.ts'
import { answer, answerXml, type Handlers, type Lake } from '../lake.ts'
import { endpointOf, JSON_TYPE, type LakeCall } from '../lake-call.ts'
import { askedXml, pageSize, readMarker, writeMarker } from '../paging.ts'
import { element, elements, inXml, listWords, metadataXml, textOf, XML_HEAD } from '../xml.ts'
import {
  containersFor,
  defaultServiceProperties,
  readServiceProperties,
  serviceXml,
} from './service-properties.ts'

const MAX_XML_BYTES = 1024 * 1024

const ACCOUNT_INFORMATION = {
  'x-ms-sku-name': 'Standard_LRS',
  'x-ms-account-kind': 'StorageV2',
  'x-ms-is-hns-enabled': 'true',
}

type Operations = Pick<
  Handlers,
  | 'listContainers'
  | 'listFilesystems'
  | 'getServiceProperties'
  | 'setServiceProperties'
  | 'getUserDelegationKey'
  | 'getAccountInformation'
  | 'containerAccount'
  | 'blobAccount'
>

export function accountOperations(lake: Lake): Operations {
  const information = (call: LakeCall) => answer(call, 200, ACCOUNT_INFORMATION)
  return {
    getAccountInformation: information,
    containerAccount: information,
    blobAccount: information,
    listContainers: (call) => answerXml(call, containersXml(lake, call)),
    listFilesystems: (call) => listFilesystems(lake, call),
    getServiceProperties: (call) => answerXml(call, serviceXml(servicePropertiesOf(lake))),
    setServiceProperties: async (call) => {
      const text = (await readBody(call.request, MAX_XML_BYTES)).toString('utf8')
      const service = { ...servicePropertiesOf(lake), ...readServiceProperties(text) }
      lake.kept.set('', '', statSync(lake.folder.root), { service })
      for (const container of containersFor(service))
        mkdirSync(lake.folder.resolve(container, ''), { recursive: true })
      answer(call, 202)
    },
    getUserDelegationKey: async (call) => {
      if (!call.isByToken)
        throw new HttpError(
          403,
          'AuthenticationFailed',
          'Only authentication scheme Bearer is supported: a user delegation key is given for a token, over https.',
        )
      const text = (await readBody(call.request, MAX_XML_BYTES)).toString('utf8')
      answerXml(call, delegationXml(lake, termsIn(text, call, lake.clock.now())))
    },
  }
}

/** Those that were set, over the account's own. */
export const servicePropertiesOf = ({ kept, folder }: Pick<Lake, 'kept' | 'folder'>) => ({
  ...defaultServiceProperties(),
  ...kept.of('', '', statSync(folder.root)).service,
})

interface ContainerPage {
  containers: { name: string; stats: Stats; properties: Properties }[]
  next: string | undefined
}

function containersOf({ folder, kept }: Lake, query: URLSearchParams, marker: string | null): ContainerPage {
  const prefix = query.get('prefix') ?? ''
  const most = pageSize(query.get('maxresults'))
  // Told of a list of containers in Azurite's issue 644.
  const from = readMarker(marker, 'OutOfRangeInput')
  const names = readdirSync(folder.root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isContainer(entry.name))
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix) && name >= from)
    // The service's own containers are listed only on request.
    .filter((name) => !name.startsWith('$') || listWords(query.get('include')).includes('system'))
    .sort()
  const containers = names.slice(0, most).flatMap((name) => {
    const stats = entryAt(join(folder.root, name))
    return stats ? [{ name, stats, properties: kept.of(name, '', stats) }] : []
  })
  return { containers, next: names[most] }
}

/** List Containers, https://learn.microsoft.com/rest/api/storageservices/list-containers2 */
function containersXml(lake: Lake, call: LakeCall): string {
  const { query } = call
  const { containers, next } = containersOf(lake, query, query.get('marker'))
  const withMetadata = listWords(query.get('include')).includes('metadata')
  const items = containers.map(({ name, stats, properties }) => {
    const { state, status, duration } = lake.leases.status({ container: name, path: '' })
    const described = elements({
      'Last-Modified': stats.mtime.toUTCString(),
      Etag: etagOf(stats),
      LeaseStatus: status,
      LeaseState: state,
      ...(duration && { LeaseDuration: duration }),
      DefaultEncryptionScope: '$account-encryption-key',
      DenyEncryptionScopeOverride: properties.deniesScopes ?? false,
      HasImmutabilityPolicy: false,
      HasLegalHold: false,
      ImmutableStorageWithVersioningEnabled: false,
    })
    const metadata = withMetadata ? metadataXml(properties.metadata) : ''
    return `<Container><Name>${name}</Name><Properties>${described}</Properties>${metadata}</Container>`
  })
  return (
    `${XML_HEAD}<EnumerationResults ServiceEndpoint="${inXml(endpointOf(call))}">` +
    `${askedXml(query, pageSize(query.get('maxresults')))}<Containers>${items.join('')}</Containers>` +
    `${element('NextMarker', next === undefined ? '' : writeMarker(next))}</EnumerationResults>`
  )
}

function listFilesystems(lake: Lake, call: LakeCall): void {
  const { containers, next } = containersOf(lake, call.query, call.query.get('continuation'))
  const filesystems = containers.map(({ name, stats }) => ({
    name,
    lastModified: stats.mtime.toUTCString(),
    etag: containerHeaders(stats).etag,
  }))
  answer(
    call,
    200,
    {
      'content-type': JSON_TYPE,
      ...(next === undefined ? {} : { 'x-ms-continuation': writeMarker(next) }),
    },
    JSON.stringify({ filesystems }),
  )
}

/** From the request on, whenever the key begins: clients let it begin some minutes before, since clocks differ. */
const LONGEST_KEY_MS = 7 * 24 * 3_600_000

/** @param now epoch ms. @throws HttpError 400 */
function termsIn(text: string, call: LakeCall, now: number): DelegationTerms {
  const start = textOf(text, 'Start') || new Date(now).toISOString()
  const expiry = textOf(text, 'Expiry') ?? ''
  const [from, to] = [Date.parse(start), Date.parse(expiry)]
  const isWithin = (time: number) => time <= now + LONGEST_KEY_MS
  // No time is within anything.
  if (!isWithin(from)) throw wrongTime(start)
  if (!isWithin(to) || to <= from) throw wrongTime(expiry)
  const seconds = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`
  return {
    skoid: LOCAL_USER.oid,
    sktid: LOCAL_USER.tid,
    skt: seconds(from),
    ske: seconds(to),
    sks: 'b',
    skv: String(call.request.headers['x-ms-version'] ?? call.headers['x-ms-version']),
    skdutid: textOf(text, 'DelegatedUserTid') ?? '',
  }
}

/** The service tells the value for the name too (azure-sdk-for-net's issue 17690). */
const wrongTime = (value: string) =>
  new HttpError(
    400,
    'InvalidXmlNodeValue',
    'The value for one of the XML nodes is not in the correct format: a user delegation key has a start and an expiry, as in 2026-01-31T12:00:00Z, both within seven days from now.',
    { details: { XmlNodeName: value.slice(0, 50), XmlNodeValue: value.slice(0, 50) } },
  )

const delegationXml = ({ accountKey }: Lake, terms: DelegationTerms): string =>
  `${XML_HEAD}<UserDelegationKey>${elements({
    SignedOid: terms.skoid,
    SignedTid: terms.sktid,
    SignedStart: terms.skt,
    SignedExpiry: terms.ske,
    SignedService: terms.sks,
    SignedVersion: terms.skv,
  })}${terms.skdutid === '' ? '' : element('SignedDelegatedUserTid', terms.skdutid)}${element(
    'Value',
    delegationKey(accountKey, terms),
  )}</UserDelegationKey>`
