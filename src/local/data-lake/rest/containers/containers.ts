/** Operations on containers, and on filesystems, which are the same by the other interface. */
import { existsSync, mkdirSync, rmSync, type Stats, statSync } from 'node:fs'
import { readBody } from '../../../http/body.ts'
import { HttpError } from '../../../http/errors.ts'
import { checkConditions, containerHeaders } from '../../store/entry.ts'
import { leaseHeaders } from '../../store/leases.ts'
import type { Properties, StoredPolicy } from '../../store/properties.ts'
import { listBlobs } from '../blobs/blob-listing.ts'
import { answer, answerXml, type Handlers, keep, type Lake, writtenHeaders } from '../lake.ts'
import { endpointOf, given, type LakeCall } from '../lake-call.ts'
import { listPaths } from '../paths/path-listing.ts'
import { metadataHeaders, metadataOut, propertiesIn, propertiesOut } from '../property-headers.ts'
import { elements, insideOf, invalidXml, isDocument, textOf, XML_HEAD } from '../xml.ts'

const MAX_POLICIES = 5
const MAX_ACL_BYTES = 64 * 1024

type Operations = Pick<
  Handlers,
  | 'createContainer'
  | 'getContainerProperties'
  | 'getContainerMetadata'
  | 'setContainerMetadata'
  | 'getContainerAcl'
  | 'setContainerAcl'
  | 'deleteContainer'
  | 'listBlobs'
  | 'createFilesystem'
  | 'setFilesystemProperties'
  | 'getFilesystemProperties'
  | 'deleteFilesystem'
  | 'listPaths'
>

export function containerOperations(lake: Lake): Operations {
  const { kept } = lake
  const setMetadata = (call: LakeCall, metadata: Record<string, string>) => {
    const { container } = call
    const stats = guard(lake, call)
    keep(lake, call, { ...kept.of(container, '', stats), metadata }, lake.folder.touch(container, ''))
    answer(call, 200, writtenHeaders(containerStats(lake, call)))
  }
  return {
    createContainer: (call) => create(lake, call, 'ContainerAlreadyExists', metadataHeaders(call.request)),
    createFilesystem: (call) =>
      create(lake, call, 'FilesystemAlreadyExists', propertiesIn(call.request).metadata),
    getContainerProperties: (call) => answer(call, 200, headersOf(lake, call, guard(lake, call))),
    getContainerMetadata: (call) => answer(call, 200, headersOf(lake, call, guard(lake, call))),
    getFilesystemProperties: (call) => answer(call, 200, headersOf(lake, call, guard(lake, call))),
    setContainerMetadata: (call) => setMetadata(call, metadataHeaders(call.request)),
    setFilesystemProperties: (call) => setMetadata(call, propertiesIn(call.request).metadata),
    getContainerAcl: (call) => {
      const stats = guard(lake, call)
      answerXml(call, policiesXml(kept.of(call.container, '', stats).policies), writtenHeaders(stats))
    },
    setContainerAcl: async (call) => {
      const text = (await readBody(call.request, MAX_ACL_BYTES)).toString('utf8')
      const policies = readPolicies(text)
      const stats = guard(lake, call)
      const properties: Properties = { ...kept.of(call.container, '', stats), policies }
      keep(lake, call, properties, lake.folder.touch(call.container, ''))
      answer(call, 200, writtenHeaders(containerStats(lake, call)))
    },
    deleteContainer: (call) => remove(lake, call),
    deleteFilesystem: (call) => remove(lake, call),
    listBlobs: (call) => answerXml(call, listBlobs(lake, call, endpointOf(call))),
    listPaths: (call) => listPaths(lake, call),
  }
}

const containerStats = ({ folder }: Lake, { container }: LakeCall): Stats =>
  statSync(folder.resolve(container, ''))

/** Checks conditions and a given lease id; only a delete must give one. @throws HttpError 304, 412 */
function guard(lake: Lake, call: LakeCall, { isDelete = false } = {}): Stats {
  const stats = containerStats(lake, call)
  checkConditions(call.request, stats, { isRead: call.method === 'GET' || call.method === 'HEAD' })
  lake.leases.check({ container: call.container, path: '' }, given(call, 'x-ms-lease-id'), {
    isWrite: isDelete,
  })
  return stats
}

function create(lake: Lake, call: LakeCall, code: string, metadata: Record<string, string>): void {
  const place = lake.folder.resolve(call.container, '')
  if (existsSync(place)) throw new HttpError(409, code, `The specified ${whatIs(call)} already exists.`)
  mkdirSync(place, { recursive: true })
  const deniesScopes = given(call, 'x-ms-deny-encryption-scope-override')?.toLowerCase() === 'true'
  const stats = keep(lake, call, { metadata, ...(deniesScopes && { deniesScopes }) })
  answer(call, 201, writtenHeaders(stats))
}

const whatIs = ({ operation }: LakeCall) => (operation?.api === 'Data Lake' ? 'filesystem' : 'container')

function headersOf(lake: Lake, { container }: LakeCall, stats: Stats): Record<string, string> {
  const { metadata, deniesScopes = false } = lake.kept.of(container, '', stats)
  return {
    ...containerHeaders(stats),
    'x-ms-deny-encryption-scope-override': String(deniesScopes),
    ...leaseHeaders(lake.leases.status({ container, path: '' })),
    ...metadataOut(metadata),
    ...(metadata && { 'x-ms-properties': propertiesOut(metadata) }),
  }
}

function remove(lake: Lake, call: LakeCall): void {
  const { folder, uploads, kept, leases, snapshots } = lake
  const { container } = call
  // It is on its way already.
  if (!existsSync(folder.resolve(container, ''))) {
    answer(call, 202)
    return
  }
  guard(lake, call, { isDelete: true })
  uploads.forgetBelow(container, '')
  kept.forgetBelow(container, '')
  snapshots.forgetBelow({ container, path: '' })
  leases.forgetBelow({ container, path: '' })
  leases.forget({ container, path: '' })
  rmSync(folder.resolve(container, ''), { recursive: true })
  lake.deletions.note(container)
  void folder.recount()
  answer(call, 202)
}

/** @throws HttpError 400 */
function readPolicies(xml: string): StoredPolicy[] {
  // No body clears the list.
  if (xml.trim() !== '' && !isDocument(xml, 'SignedIdentifiers'))
    throw invalidXml('The body is not a list of access policies.')
  const policies = insideOf(xml, 'SignedIdentifier').map((one) => {
    const id = textOf(one, 'Id') ?? ''
    const [start, expiry, permission] = ['Start', 'Expiry', 'Permission'].map((name) => textOf(one, name))
    if (id === '' || id.length > 64) throw invalidXml('The id of an access policy has 1 to 64 characters.')
    for (const time of [start, expiry])
      if (time && Number.isNaN(Date.parse(time)))
        throw new HttpError(
          400,
          'InvalidXmlNodeValue',
          'A time of an access policy is as 2026-01-31T12:00:00Z.',
        )
    return { id, ...(start && { start }), ...(expiry && { expiry }), ...(permission && { permission }) }
  })
  if (policies.length > MAX_POLICIES)
    throw invalidXml(`A container has at most ${MAX_POLICIES} access policies.`)
  return policies
}

const policiesXml = (policies: readonly StoredPolicy[] = []): string =>
  `${XML_HEAD}<SignedIdentifiers>${policies
    .map(({ id, start, expiry, permission }) => {
      const policy = elements({
        ...(start && { Start: start }),
        ...(expiry && { Expiry: expiry }),
        ...(permission && { Permission: permission }),
      })
      return `<SignedIdentifier>${elements({ Id: id })}${policy && `<AccessPolicy>${policy}</AccessPolicy>`}</SignedIdentifier>`
    })
    .join('')}</SignedIdentifiers>`
