/** Answers in the forms that Azure's own recordings and reference have, which clients have been written against. */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const put = (path: string, body = 'x', headers = {}) =>
  running.raw('PUT', path, { body, headers: { 'x-ms-blob-type': 'BlockBlob', ...headers } })
const codeOf = (answer: { status: number; headers: Record<string, unknown> }) =>
  `${answer.status} ${answer.headers['x-ms-error-code'] ?? ''}`.trim()

beforeEach(async () => {
  await running.raw('DELETE', '/bronze/d', { query: 'recursive=true' })
  for (const name of ['a', 'b', 'c']) expect((await put(`/bronze/${name}`)).status).toBe(201)
})

it('a refusal says in its message whose request it was and when, after a mark of UTF-8 in XML', async () => {
  const blob = await running.raw('GET', '/bronze/none')
  const id = blob.headers['x-ms-request-id']
  expect(blob.text).toMatch(
    /^\uFEFF<\?xml version="1.0" encoding="utf-8"\?><Error><Code>BlobNotFound<\/Code><Message>The specified blob does not exist\.\nRequestId:[\da-f-]{36}\nTime:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z<\/Message><\/Error>$/,
  )
  expect(blob.text).toContain(`RequestId:${id}`)
  const path = await running.raw('DELETE', '/bronze/none', { query: 'recursive=true' })
  expect(path.headers['content-type']).toBe('application/json;charset=utf-8')
  expect(JSON.parse(path.text).error.message).toMatch(
    /^The specified path does not exist\.\nRequestId:[\da-f-]{36}\nTime:\S{27}Z$/,
  )
})

it.each([
  ['/bronze', 'restype=container&comp=list'],
  ['/bronze', 'restype=container&comp=acl'],
  ['/', 'comp=list'],
  ['/', 'restype=service&comp=properties'],
  ['/bronze/a', 'comp=blocklist'],
])('%s?%s begins with the mark of UTF-8', async (path, query) => {
  const { status, text } = await running.raw('GET', path, { query })
  expect(status).toBe(200)
  expect(text).toMatch(/^\uFEFF<\?xml /)
})

/** Of a live account with a hierarchical namespace: borink-org/object-storage, tests/fixtures/azure-listing, list-delimited-hierarchical. */
it('a list has the elements of a recorded one, in their order, the empty ones too; a prefix has its folder’s', async () => {
  await put('/bronze/d/x')
  const { text } = await running.raw('GET', '/bronze', {
    query: 'restype=container&comp=list&delimiter=/&include=metadata',
  })
  const told = /<Blob><Name>a<.*?<\/Blob>/.exec(text)?.[0].replaceAll(/>[^<]+</g, '><')
  const folder = /<BlobPrefix>.*?<\/BlobPrefix>/.exec(text)?.[0] ?? ''
  const properties =
    '<Creation-Time></Creation-Time><Last-Modified></Last-Modified><Etag></Etag><ResourceType></ResourceType>' +
    '<Content-Length></Content-Length><Content-Type></Content-Type><Content-Encoding /><Content-Language /><Content-CRC64 />' +
    '<Content-MD5></Content-MD5><Cache-Control /><Content-Disposition /><BlobType></BlobType><AccessTier></AccessTier>' +
    '<AccessTierInferred></AccessTierInferred><LeaseStatus></LeaseStatus><LeaseState></LeaseState><ServerEncrypted></ServerEncrypted>'
  expect(told).toBe(
    `<Blob><Name></Name><Properties>${properties}</Properties><Metadata /><OrMetadata /></Blob>`,
  )
  expect(folder).toContain('<Name>d/</Name>')
  expect(folder).toContain(
    '<ResourceType>directory</ResourceType><Content-Length>0</Content-Length><Content-Type />',
  )
  expect(folder.replaceAll(/>[^<]+</g, '><')).toBe(
    `<BlobPrefix><Name></Name><Properties>${properties
      .replace('<Content-Type></Content-Type>', '<Content-Type />')
      .replace('<Content-MD5></Content-MD5>', '<Content-MD5 />')}</Properties></BlobPrefix>`,
  )
  expect(text).toContain('<NextMarker /></EnumerationResults>')
})

// object-tests: azure-hns/list-other-delimiter.
it.each(['%7C', '.', '//'])('no list is divided by %s', async (delimiter) => {
  const query = `restype=container&comp=list&delimiter=${delimiter}`
  expect(codeOf(await running.raw('GET', '/bronze', { query }))).toBe('400 DelimiterIsInvalidForHNS')
})

// object-tests: azure-hns/put-content-disposition-non-ascii.
it('a disposition beyond ASCII is refused', async () => {
  const given = { 'content-disposition': 'attachment; filename=\u00e9' }
  expect(codeOf(await put('/bronze/a', 'x', given))).toBe('400 InvalidMetadata')
})

// object-storage, tests/fixtures/azure-multipart, put-block-empty-400.
it.each([
  ['Content-Length', '0', 'PUT', 'comp=block&blockid=AAAA', {}],
  ['x-ms-blob-type', 'Blob', 'PUT', '', { 'x-ms-blob-type': 'Blob' }],
  ['x-ms-version', '2019-13-12', 'GET', '', { 'x-ms-version': '2019-13-12' }],
  ['x-ms-access-tier', 'Warm', 'PUT', 'comp=tier', { 'x-ms-access-tier': 'Warm' }],
  ['x-ms-lease-id', '1', 'DELETE', '', { 'x-ms-lease-id': '1' }],
  ['x-ms-lease-action', 'take', 'PUT', 'comp=lease', { 'x-ms-lease-action': 'take' }],
] as const)(
  'a header that is wrong is named, with its value: %s %s',
  async (name, value, method, query, headers) => {
    const refused = await running.raw(method, '/bronze/a', { query, headers })
    expect(codeOf(refused)).toBe('400 InvalidHeaderValue')
    expect(refused.text).toContain(
      `</Message><HeaderName>${name}</HeaderName><HeaderValue>${value}</HeaderValue></Error>`,
    )
  },
)

// object-storage, docs/AZURE-TESTING.md; noobaa-core's issue 6270; of containers, Azurite's 644.
it.each([
  ['AAAAAAAA', '400 InvalidQueryParameterValue', '400 OutOfRangeInput'],
  ['garbage', '400 InvalidQueryParameterValue', '400 OutOfRangeInput'],
  ['2!8!YQ', '400 InvalidInput', '400 InvalidInput'],
  ['2!2!YQ', '200', '200'],
])('the marker %s is none, or cut, or one of ours', async (marker, ofBlobs, ofContainers) => {
  const query = `comp=list&marker=${marker}`
  const blobs = await running.raw('GET', '/bronze', { query: `restype=container&${query}` })
  expect(codeOf(blobs)).toBe(ofBlobs)
  expect(codeOf(await running.raw('GET', '/', { query }))).toBe(ofContainers)
})

// azure-sdk-for-java's issues 24323 and 31248, stream-reactor's 1962.
it('a flush that wants no file there is told that its condition fails', async () => {
  await running.raw('PUT', '/bronze/d/f', { query: 'resource=file' })
  await running.raw('PATCH', '/bronze/d/f', { query: 'action=append&position=0', body: 'hello' })
  const flush = { query: 'action=flush&position=5', headers: { 'if-none-match': '*' } }
  expect(codeOf(await running.raw('PATCH', '/bronze/d/f', flush))).toBe('412 ConditionNotMet')
  expect((await running.raw('HEAD', '/bronze/d/f')).headers['content-length']).toBe('0')
})

// object-tests, azure-hns/put-content-type-non-ascii.
it('a type beyond ASCII is read as UTF-8, and comes back in single bytes, in a list as it is', async () => {
  const type = 'text/plain; name="\u00e9"'
  for (const sent of [type, Buffer.from(type).toString('latin1')]) {
    const headers = { 'x-ms-blob-type': 'BlockBlob', 'x-ms-blob-content-type': sent }
    expect((await running.byToken('PUT', '/bronze/a', { headers })).status).toBe(201)
    expect((await running.raw('HEAD', '/bronze/a')).headers['content-type']).toBe(type)
    const { text } = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })
    expect(text).toContain('<Content-Type>text/plain; name=&quot;\u00e9&quot;</Content-Type>')
  }
})

// object-storage, tests/fixtures/azure-get, get-unauthenticated, and azure-listing, list-unauthenticated.
it.each([
  ['GET', '/bronze/a', ''],
  ['GET', '/bronze', 'restype=container&comp=list'],
  ['PUT', '/bronze/a', 'comp=block&blockid=AAAA'],
])(
  'a token that is none is refused in the service’s words, with the reason beside them: %s %s?%s',
  async (method, path, query) => {
    const { status, headers, text } = await running.byToken(method, path, { query }, 'none')
    expect([status, headers['x-ms-error-code']]).toEqual([401, 'InvalidAuthenticationInfo'])
    expect(headers['www-authenticate']).toMatch(/^Bearer authorization_uri=\S+ resource_id=\S+$/)
    expect(text).toMatch(
      /<Message>Server failed to authenticate the request. Please refer to the information in the www-authenticate header\. [^<]+\nRequestId/,
    )
    expect(text).toContain('<AuthenticationErrorDetail>The bearer token is not the one of this session')
  },
)

// object-storage, docs/AZURE-TESTING.md; a tab was told in azure-sdk-for-go's issue 24562, \x01\x05 in azure-sdk-for-python's 11577.
it.each(['%09', '%01%05', '%00', '%1F', '%7F'])(
  'no name and no parameter has the character %s',
  async (character) => {
    const name = `/bronze/a${character}b`
    for (const asked of [put(name), running.raw('DELETE', name), running.raw('GET', name)]) {
      const refused = await asked
      expect(codeOf(refused)).toBe('400 InvalidUri')
      expect(refused.text).toContain('The requested URI does not represent any resource on the server')
    }
    expect(codeOf(await running.raw('PUT', name, { query: 'resource=file' }))).toBe('400 InvalidUri')
    const source = { 'x-ms-rename-source': name }
    expect(codeOf(await running.raw('PUT', '/bronze/d', { headers: source }))).toBe('400 InvalidSourceUri')
    const query = `restype=container&comp=list&prefix=${character}`
    expect(codeOf(await running.raw('GET', '/bronze', { query }))).toBe('400 InvalidQueryParameterValue')
  },
)

it('a name has U+0085 and U+FFFE, which is listed in percent encoding', async () => {
  for (const character of ['%C2%85', '%EF%BF%BE'])
    expect((await put(`/bronze/d/${character}`)).status).toBe(201)
  const { text } = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list&prefix=d/' })
  expect(text).toContain('<Name>d/\u0085</Name>')
  expect(text).toContain('<Name Encoded="true">d%2F%EF%BF%BE</Name>')
})

it('lists name the account’s address', async () => {
  const endpoint = `ServiceEndpoint="http://127.0.0.1:${running.plainPort}/${ACCOUNT}/"`
  expect((await running.raw('GET', '/', { query: 'comp=list' })).text).toContain(
    `<EnumerationResults ${endpoint}>`,
  )
  const blobs = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })
  expect(blobs.text).toContain(`<EnumerationResults ${endpoint} ContainerName="bronze">`)
})

it.each(['2019-12-12', '2023-11-03', '2026-06-06'])(
  'what asks for version %s is told it',
  async (version) => {
    const headers = { 'x-ms-version': version }
    expect((await running.raw('HEAD', '/bronze/a', { headers })).headers['x-ms-version']).toBe(version)
    expect((await running.raw('GET', '/bronze/none', { headers })).headers['x-ms-version']).toBe(version)
  },
)

it('a version that is none is not told back', async () => {
  const { status, headers } = await running.raw('GET', '/bronze/a', {
    headers: { 'x-ms-version': '2019-13-12' },
  })
  expect([status, headers['x-ms-version']]).toEqual([400, '2023-11-03'])
})

it('a write of data is told as encrypted, a flush without any is not', async () => {
  const told = async (method: string, query: string, body = '') =>
    (await running.raw(method, '/bronze/d/f', { query, body })).headers['x-ms-request-server-encrypted']
  expect((await put('/bronze/a')).headers['x-ms-request-server-encrypted']).toBe('true')
  expect(await told('PUT', 'resource=file')).toBe('true')
  expect(await told('PATCH', 'action=append&position=0', 'hello')).toBe('true')
  expect(await told('PATCH', 'action=flush&position=5')).toBe('false')
})

it.each([
  ['PUT', '/bronze', 'restype=container&comp=metadata', {}],
  ['PUT', '/bronze/a', 'comp=properties', {}],
  ['PUT', '/bronze/a', 'comp=tier', { 'x-ms-access-tier': 'Cool' }],
  ['PUT', '/bronze/a', 'comp=expiry', { 'x-ms-expiry-option': 'NeverExpire' }],
  ['PUT', '/bronze/a', 'comp=lease', { 'x-ms-lease-action': 'break' }],
  ['PATCH', '/bronze/a', 'action=setAccessControl', { 'x-ms-permissions': '0750' }],
  ['PUT', '/bronze/d/moved', '', { 'x-ms-rename-source': '/bronze/a' }],
] as const)('%s %s?%s brings nothing that would be told as encrypted', async (method, path, query, more) => {
  if (query === 'comp=lease')
    await running.raw('PUT', path, {
      query,
      headers: { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '15' },
    })
  await running.raw('PUT', '/bronze/d', { query: 'resource=directory' })
  const { status, headers } = await running.raw(method, path, { query, headers: { ...more } })
  expect(Math.floor(status / 100)).toBe(2)
  expect(headers).not.toHaveProperty('x-ms-request-server-encrypted')
  if (query === 'comp=lease')
    await running.raw('PUT', path, {
      query,
      headers: { 'x-ms-lease-action': 'break', 'x-ms-lease-break-period': '0' },
    })
})

it('a copy that is made at once tells its checksum and its encryption, another does not', async () => {
  const copied = async (more: Record<string, string>) => {
    const proof = { 'x-ms-copy-source-authorization': `Bearer ${TOKEN}` }
    const headers = { 'x-ms-copy-source': `${running.endpoint}/bronze/a`, ...more, ...proof }
    const answer = await running.raw('PUT', '/bronze/d/copy', { headers })
    expect(answer.status).toBe(202)
    return ['content-md5', 'x-ms-content-crc64', 'x-ms-request-server-encrypted'].map(
      (name) => answer.headers[name],
    )
  }
  const { headers } = await put('/bronze/a')
  const [md5, crc] = [headers['content-md5'], headers['x-ms-content-crc64']]
  expect(await copied({})).toEqual([undefined, undefined, undefined])
  expect(await copied({ 'x-ms-requires-sync': 'true' })).toEqual([undefined, crc, 'true'])
  const checked = { 'x-ms-requires-sync': 'true', 'x-ms-source-content-md5': String(md5) }
  expect(await copied(checked)).toEqual([md5, crc, 'true'])
})

it('an append that is flushed with its piece gives the file the type of what was sent', async () => {
  const type = async () => (await running.raw('HEAD', '/bronze/d/f')).headers['content-type']
  const headers = { 'x-ms-content-type': 'text/csv' }
  await running.raw('PUT', '/bronze/d/f', { query: 'resource=file', headers })
  const append = (position: number, flush: boolean, sent?: string) =>
    running.raw('PATCH', '/bronze/d/f', {
      query: `action=append&position=${position}${flush ? '&flush=true' : ''}`,
      headers: sent === undefined ? {} : { 'content-type': sent },
      body: 'x',
    })
  await append(0, false, 'application/json')
  expect(await type()).toBe('text/csv')
  await append(1, true, 'application/json')
  expect(await type()).toBe('application/json')
  await append(2, true, 'application/octet-stream')
  expect(await type()).toBe('application/octet-stream')
})

it('a flush gives the file the type that it names, or else the default one; other headers stay', async () => {
  const flush = async (headers: Record<string, string>) => {
    await running.raw('PATCH', '/bronze/d/f', { query: 'action=flush&position=0', headers })
    const told = (await running.raw('HEAD', '/bronze/d/f')).headers
    return [told['content-type'], told['cache-control']]
  }
  const type = (value: string) => ({ 'x-ms-content-type': value })
  const headers = { ...type('text/csv'), 'x-ms-cache-control': 'no-cache' }
  await running.raw('PUT', '/bronze/d/f', { query: 'resource=file', headers })
  expect(await flush({})).toEqual(['application/octet-stream', 'no-cache'])
  expect(await flush(type('text/plain'))).toEqual(['text/plain', 'no-cache'])
  expect(await flush(type('application/octet-stream'))).toEqual(['application/octet-stream', 'no-cache'])
})

it('a time at which a file expires changes neither its ETag nor when it was changed', async () => {
  const times = ({ headers }: { headers: Record<string, unknown> }) => [
    headers.etag,
    headers['last-modified'],
  ]
  const made = times(await running.raw('PUT', '/bronze/d/f', { query: 'resource=file' }))
  const headers = { 'x-ms-expiry-option': 'RelativeToNow', 'x-ms-expiry-time': '3600000' }
  const set = await running.raw('PUT', '/bronze/d/f', { query: 'comp=expiry', headers })
  expect([set.status, times(set)]).toEqual([200, made])
  const head = await running.raw('HEAD', '/bronze/d/f')
  expect(times(head)).toEqual(made)
  expect(head.headers).toHaveProperty('x-ms-expiry-time')
})

it('a folder is not made with a time at which it expires', async () => {
  const answer = await running.raw('PUT', '/bronze/d', {
    query: 'resource=directory',
    headers: { 'x-ms-expiry-option': 'RelativeToNow', 'x-ms-expiry-time': '3600000' },
  })
  expect(codeOf(answer)).toBe('400 ExpiryNotSupportedForDirectory')
  expect(JSON.parse(answer.text).error.message).toMatch(/^Set Expiry is not supported for a directory\n/)
})

it('a list of paths tells 0 for a time of expiry that never comes', async () => {
  const { headers, text } = await running.raw('GET', '/bronze', {
    query: 'resource=filesystem&recursive=true',
  })
  expect(headers['content-type']).toBe('application/json;charset=utf-8')
  for (const { expiryTime } of JSON.parse(text).paths) expect(expiryTime).toBe('0')
})

it('a deleted path is gone for good, and says so; changed rights tell the namespace', async () => {
  const acl = await running.raw('PATCH', '/bronze/a', {
    query: 'action=setAccessControl',
    headers: { 'x-ms-permissions': '0750' },
  })
  expect(acl.headers['x-ms-namespace-enabled']).toBe('true')
  const gone = await running.raw('DELETE', '/bronze/a', { query: 'recursive=false' })
  expect(gone.headers['x-ms-delete-type-permanent']).toBe('true')
})

it.each([{ 'if-match': '"0x1"' }, { 'if-unmodified-since': 'Thu, 01 Jan 2004 00:00:00 GMT' }])(
  'a copy whose target does not meet %o has a code of its own',
  async (conditions) => {
    const source = `${running.endpoint}/bronze/a`
    const copy = (headers: Record<string, string>) =>
      running.raw('PUT', '/bronze/b', { headers: { 'x-ms-copy-source': source, ...headers } })
    expect(codeOf(await copy(conditions))).toBe('412 TargetConditionNotMet')
    // azblob 1.5.0 was the first to expect the other code, with the version that it began to ask for.
    for (const [version, expected] of [
      ['2024-08-04', '412 TargetConditionNotMet'],
      ['2024-11-04', '412 ConditionNotMet'],
    ])
      expect(codeOf(await copy({ ...conditions, 'x-ms-version': version as string }))).toBe(expected)
    expect(codeOf(await copy({ 'x-ms-source-if-match': '"0x1"' }))).toBe('412 SourceConditionNotMet')
    expect(codeOf(await copy({ 'if-none-match': '*' }))).toBe('409 BlobAlreadyExists')
    expect(codeOf(await copy({}))).toBe('202')
    // As the live tests of Python's client have it.
    const proof = { 'x-ms-copy-source-authorization': `Bearer ${TOKEN}` }
    const put = { 'x-ms-blob-type': 'BlockBlob', 'content-length': '0', ...proof }
    const later = { 'x-ms-version': '2026-06-06' }
    expect(codeOf(await copy({ ...put, ...conditions, ...later }))).toBe('412 ConditionNotMet')
    expect(codeOf(await copy(put))).toBe('201')
  },
)

it('a copy over a leased blob asks for a lease without end', async () => {
  const lease = async (headers: Record<string, string>) =>
    (await running.raw('PUT', '/bronze/b', { query: 'comp=lease', headers })).headers[
      'x-ms-lease-id'
    ] as string
  const copy = async (id: string) =>
    codeOf(
      await running.raw('PUT', '/bronze/b', {
        headers: { 'x-ms-copy-source': `${running.endpoint}/bronze/a`, 'x-ms-lease-id': id },
      }),
    )
  const short = await lease({ 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '15' })
  expect(await copy(short)).toBe('412 InfiniteLeaseDurationRequired')
  await lease({ 'x-ms-lease-action': 'release', 'x-ms-lease-id': short })
  const endless = await lease({ 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1' })
  expect(await copy(endless)).toBe('202')
  await lease({ 'x-ms-lease-action': 'release', 'x-ms-lease-id': endless })
})

it('what stands in the way of a path is told from the path itself being there', async () => {
  await running.raw('PUT', '/bronze/d/f', { query: 'resource=file' })
  const create = (path: string, headers = {}) => running.raw('PUT', path, { query: 'resource=file', headers })
  const below = await create('/bronze/a/f')
  expect(codeOf(below)).toBe('409 PathConflict')
  expect(below.text).toContain('an element of the path, exists and its resource type is invalid')
  // object-tests, azure-hns/put-key-under-object.
  for (const type of ['BlockBlob', 'AppendBlob'])
    expect(codeOf(await put('/bronze/a/f', '', { 'x-ms-blob-type': type }))).toBe('404 BlobNotFound')
  expect(codeOf(await create('/bronze/a', { 'if-none-match': '*' }))).toBe('409 PathAlreadyExists')
  const rename = (from: string, to: string) =>
    running.raw('PUT', to, { query: 'mode=legacy', headers: { 'x-ms-rename-source': from } })
  expect(codeOf(await rename('/bronze/b', '/bronze/d'))).toBe('409 InvalidSourceOrDestinationResourceType')
  expect(codeOf(await rename('/bronze/d', '/bronze/b'))).toBe('409 InvalidSourceOrDestinationResourceType')
})

it('a folder that is not empty has each interface’s code', async () => {
  await running.raw('PUT', '/bronze/d/f', { query: 'resource=file' })
  const remove = async (headers: Record<string, string>, query = '') =>
    codeOf(await running.raw('DELETE', '/bronze/d', { headers, query }))
  expect(await remove({})).toBe('409 DirectoryIsNotEmpty')
  expect(await remove({ accept: 'application/json' })).toBe('409 DirectoryNotEmpty')
  expect(await remove({}, 'recursive=false')).toBe('409 DirectoryNotEmpty')
})

it('damage tells both checksums, and a refused signature its reason, in elements of their own', async () => {
  const damaged = await put('/bronze/a', 'Hello World!', { 'x-ms-content-crc64': 'AQIDBAUGBwg=' })
  expect(damaged.text).toContain(
    '<UserSpecifiedCrc>AQIDBAUGBwg=</UserSpecifiedCrc><ServerCalculatedCrc>peH8Xsgc5QI=</ServerCalculatedCrc></Error>',
  )
  const other = await put('/bronze/a', 'Hello World!', { 'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==' })
  expect(other.text).toContain(
    '<UserSpecifiedMd5>XUFAKrxLKna5cZ2REBfFkg==</UserSpecifiedMd5><ServerCalculatedMd5>7Qdih1MuhjZehB6Sv8UNjA==</ServerCalculatedMd5>',
  )
  const forged = await running.raw('GET', '/bronze/a', {
    isSigned: false,
    query: 'sv=2020-10-02&sr=b&sp=r&se=2099-01-01T00:00:00Z&sig=AAAA',
  })
  expect(forged.text).toMatch(
    /<AuthenticationErrorDetail>The SAS is refused: [^\n<]+<\/AuthenticationErrorDetail><\/Error>$/,
  )
})

it('an empty blob of a folder’s metadata is a folder, in which blobs can be', async () => {
  const mark = { 'x-ms-meta-hdi_isfolder': 'true', 'x-ms-meta-mtime': '1' }
  // rclone ends the name with a slash.
  expect((await put('/bronze/d/', '', mark)).status).toBe(201)
  expect((await put('/bronze/d/x')).status).toBe(201)
  const { headers } = await running.raw('HEAD', '/bronze/d')
  expect(headers).toMatchObject({
    'x-ms-resource-type': 'directory',
    'x-ms-meta-hdi_isfolder': 'true',
    'x-ms-meta-mtime': '1',
    'x-ms-permissions': 'rwxr-x---',
  })
  const list = async (query: string) =>
    (await running.raw('GET', '/bronze', { query: `restype=container&comp=list&prefix=d${query}` })).text
  expect(await list('&delimiter=/')).toContain('<BlobPrefix><Name>d/</Name><Properties>')
  expect(await list('&include=metadata')).toContain(
    '<Metadata><mtime>1</mtime><hdi_isfolder>true</hdi_isfolder></Metadata>',
  )
  // Once more changes nothing of what is in it; a blob with data, and a file that is there, are no folders.
  expect((await put('/bronze/d', '', mark)).status).toBe(201)
  expect((await running.raw('GET', '/bronze/d/x')).text).toBe('x')
  expect(codeOf(await put('/bronze/d', '', { ...mark, 'if-none-match': '*' }))).toBe('409 BlobAlreadyExists')
  expect(codeOf(await put('/bronze/a', '', mark))).toBe('409 PathConflict')
  expect((await put('/bronze/b', 'x', mark)).status).toBe(201)
  expect((await running.raw('HEAD', '/bronze/b')).headers['x-ms-resource-type']).toBe('file')
})

it('a refusal’s words stand in the status line, without what it cannot carry', async () => {
  const lineOf = (request: string) =>
    new Promise<string>((done, fail) => {
      const socket = connect(running.plainPort, '127.0.0.1', () => socket.end(request))
      socket.once('data', (data) => done(data.toString('latin1').split('\r\n')[0] as string))
      socket.once('error', fail)
    })
  const head = `HTTP/1.1\r\nhost: 127.0.0.1\r\nx-ms-version: 2023-11-03\r\n`
  expect(
    await lineOf(`GET /${ACCOUNT}/bronze/a ${head}authorization: SharedKey ${ACCOUNT}:AAAA\r\n\r\n`),
  ).toBe(
    'HTTP/1.1 403 Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
  )
  expect(await lineOf(`GET /${ACCOUNT}/bronze/a HTTP/1.1\r\nhost: x\r\nx-ms-version: ü\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 400 [\x20-\x7e]+$/,
  )
})

it('what is there already is told before its lease, by the interface that tells it so', async () => {
  const headers = { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1' }
  const lease = (await running.raw('PUT', '/bronze/a', { query: 'comp=lease', headers })).headers[
    'x-ms-lease-id'
  ]
  const isNew = { 'if-none-match': '*' }
  const create = await running.raw('PUT', '/bronze/a', { query: 'resource=file', headers: isNew })
  expect(codeOf(create)).toBe('409 PathAlreadyExists')
  expect(codeOf(await put('/bronze/a', 'x', isNew))).toBe('412 LeaseIdMissing')
  const release = { 'x-ms-lease-action': 'release', 'x-ms-lease-id': String(lease) }
  await running.raw('PUT', '/bronze/a', { query: 'comp=lease', headers: release })
})

it.each(['', '/'])(
  'what is renamed to the root is moved into it, at an address with %j at its end',
  async (end) => {
    await running.raw('PUT', '/bronze/d/sub/f', { query: 'resource=file' })
    const headers = { 'x-ms-rename-source': '/bronze/d/sub' }
    expect(codeOf(await running.raw('PUT', `/bronze${end}`, { headers }))).toBe('201')
    expect((await running.raw('HEAD', '/bronze/sub/f')).status).toBe(200)
    expect((await running.raw('HEAD', '/bronze/d/sub')).status).toBe(404)
    await running.raw('DELETE', '/bronze/sub', { query: 'recursive=true' })
  },
)

it('a list of paths goes on from a name that the client has put into a continuation', async () => {
  for (const name of ['a', 'b', 'c'])
    await running.raw('PUT', `/bronze/d/${name}`, { query: 'resource=file' })
  const from = async (text: string) => {
    const marker = encodeURIComponent(Buffer.from(text).toString('base64'))
    const query = `resource=filesystem&recursive=false&directory=d&continuation=${marker}`
    const { text: body } = await running.raw('GET', '/bronze', { query })
    return JSON.parse(body).paths?.map(({ name }: { name: string }) => name)
  }
  expect(await from('-3158183452545614947 0 b')).toEqual(['d/b', 'd/c'])
  expect(await from('1085510952732544841 0 bb')).toEqual(['d/c'])
  expect(await from('junk')).toBeUndefined()
})

describe('an access list', () => {
  const set = async (headers: Record<string, string>, path = '/bronze/d') =>
    codeOf(await running.raw('PATCH', path, { query: 'action=setAccessControl', headers }))
  const got = async (path = '/bronze/d') => {
    const { headers } = await running.raw('HEAD', path, { query: 'action=getAccessControl' })
    return [headers['x-ms-acl'], headers['x-ms-permissions']]
  }
  beforeEach(async () => {
    await running.raw('PUT', '/bronze/d', {
      query: 'resource=directory',
      headers: { 'x-ms-permissions': '0750', 'x-ms-umask': '0000' },
    })
  })

  // As the live tests of Hadoop's ABFS driver expect it of the service (ITestAzureBlobFilesystemAcl of hadoop-azure 3.4.2).
  it.each([
    [
      'user::rwx,user:ann:rwx,group::r-x,other::---',
      'user::rwx,user:ann:rwx,group::r-x,mask::rwx,other::---',
      'rwxrwx---+',
    ],
    [
      'other::---,group::r--,user:ann:-wx,user::rwx',
      'user::rwx,user:ann:-wx,group::r--,mask::rwx,other::---',
      'rwxrwx---+',
    ],
    ['user:ann:r--,mask::--x', 'user::rwx,user:ann:r--,group::r-x,mask::--x,other::---', 'rwx--x---+'],
    ['mask::--x', 'user::rwx,group::r-x,mask::--x,other::---', 'rwx--x---+'],
    ['other::r-x', 'user::rwx,group::r-x,other::r-x', 'rwxr-xr-x'],
    [
      'default:user:ann:rwx',
      'user::rwx,group::r-x,other::---,default:user::rwx,default:user:ann:rwx,default:group::r-x,default:mask::rwx,default:other::---',
      'rwxr-x---+',
    ],
  ])('%s is kept as %s', async (acl, kept, permissions) => {
    expect(await set({ 'x-ms-acl': acl })).toBe('200')
    expect(await got()).toEqual([kept, permissions])
  })

  it('keeps whom it names when permissions are set: the bits of the group are the mask’s', async () => {
    const byDefault = 'default:user::rwx,default:group::r-x,default:other::---'
    await set({ 'x-ms-acl': `user::rwx,user:ann:rwx,group::r-x,other::---,${byDefault}` })
    expect(await set({ 'x-ms-permissions': '1700' })).toBe('200')
    expect(await got()).toEqual([
      `user::rwx,user:ann:rwx,group::r-x,mask::---,other::---,${byDefault}`,
      'rwx-----T+',
    ])
    await set({ 'x-ms-permissions': '0751' })
    expect((await got())[1]).toBe('rwxr-x--x+')
  })

  it('of a file has no default entries', async () => {
    expect(await set({ 'x-ms-acl': 'user::rwx,group::r-x,other::---,default:user::rwx' }, '/bronze/a')).toBe(
      '400 DefaultAclOnFileNotAllowed',
    )
  })
})

it('a read on the condition that nothing is there is refused as one that cannot hold, and found missing where nothing is', async () => {
  const headers = { 'if-none-match': '*' }
  for (const method of ['GET', 'HEAD'])
    expect(codeOf(await running.raw(method, '/bronze/a', { headers }))).toBe('400 UnsatisfiableCondition')
  expect(codeOf(await running.raw('GET', '/bronze/none', { headers }))).toBe('404 BlobNotFound')
})

it('a timeout is a number of seconds, and the refusal of another names the parameter', async () => {
  const { text, ...answer } = await running.raw('GET', '/bronze/a', { query: 'timeout=abc' })
  expect(codeOf(answer)).toBe('400 InvalidQueryParameterValue')
  expect(text).toContain(
    '<QueryParameterName>timeout</QueryParameterName><QueryParameterValue>abc</QueryParameterValue>',
  )
  expect(codeOf(await running.raw('GET', '/bronze/a', { query: 'timeout=-1' }))).toMatch('400')
  expect(codeOf(await running.raw('GET', '/bronze/a', { query: 'timeout=30' }))).toBe('200')
})

it.each([
  ['/bronze', 'restype=container&comp=list&maxresults='],
  ['/bronze', 'resource=filesystem&recursive=true&maxresults='],
  ['/', 'comp=list&maxresults='],
])('a page of %s has a number of results, which is above 0 (%s)', async (path, query) => {
  const asked = async (most: string) => codeOf(await running.raw('GET', path, { query: `${query}${most}` }))
  expect(await asked('many')).toBe('400 InvalidQueryParameterValue')
  for (const most of ['0', '-1']) expect(await asked(most)).toBe('400 OutOfRangeQueryParameterValue')
  expect(await asked('5001')).toBe('200')
})

/** What azblob 1.8.3 looks for in its tests, which were recorded of the service. */
describe('as recorded for Go’s client', () => {
  it('an id of a copy that has none of its form is invalid, before anything is looked for', async () => {
    const abort = (id: string) =>
      running.raw('PUT', '/bronze/none', {
        query: `comp=copy&copyid=${id}`,
        headers: { 'x-ms-copy-action': 'abort' },
      })
    expect(codeOf(await abort('copynotstarted'))).toBe('400 InvalidQueryParameterValue')
    expect(codeOf(await abort(crypto.randomUUID()))).toBe('404 BlobNotFound')
  })

  it('a container without a name is an invalid query', async () => {
    const refused = await running.raw('PUT', '/', { query: 'restype=container' })
    expect(codeOf(refused)).toBe('400 InvalidQueryParameterValue')
    expect(refused.text).toContain('<QueryParameterName>restype</QueryParameterName>')
  })

  it('content headers that are set without a type leave none', async () => {
    const set = (headers: Record<string, string>) =>
      running.raw('PUT', '/bronze/a', { query: 'comp=properties', headers })
    const type = async () => (await running.raw('HEAD', '/bronze/a')).headers['content-type']
    expect(await type()).toBe('application/octet-stream')
    await set({ 'x-ms-blob-cache-control': 'no-cache' })
    expect(await type()).toBeUndefined()
    const { text } = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list&prefix=a' })
    expect(text).toContain('<Content-Type />')
    await set({ 'x-ms-blob-content-type': 'application/octet-stream' })
    expect(await type()).toBe('application/octet-stream')
  })

  it('a word that is no tier is invalid, and the time at which the tier was set is told', async () => {
    const tier = (word: string) =>
      running.raw('PUT', '/bronze/a', { query: 'comp=tier', headers: { 'x-ms-access-tier': word } })
    const told = async () => {
      const { headers } = await running.raw('HEAD', '/bronze/a')
      return [headers['x-ms-access-tier-inferred'], headers['x-ms-access-tier-change-time']]
    }
    expect(codeOf(await tier('nothing'))).toBe('400 InvalidHeaderValue')
    expect(codeOf(await tier('Smart'))).toBe('400 UnsupportedHeader')
    expect(await told()).toEqual(['true', undefined])
    expect(codeOf(await tier('Hot'))).toBe('200')
    const set = [undefined, expect.stringMatching(/ GMT$/)]
    expect(await told()).toEqual(set)
    // What is written over a blob has its tier, says Put Blob.
    await put('/bronze/a')
    expect(await told()).toEqual(set)
    await put('/bronze/b', 'x', { 'x-ms-access-tier': 'Hot' })
    expect((await running.raw('HEAD', '/bronze/b')).headers['x-ms-access-tier-inferred']).toBeUndefined()
  })
})

describe('in the words of public reports', () => {
  // versitygw's issue 845, AzureStorageExplorer's 3381.
  it('a backslash in a name is a slash, wherever an address stands', async () => {
    const read = async (path: string) => (await running.raw('GET', path)).text
    expect(codeOf(await put('/bronze/d%5Ce%5Cf', 'windows'))).toBe('201')
    expect([await read('/bronze/d/e/f'), await read('/bronze/d%5ce/f')]).toEqual(['windows', 'windows'])
    const copied = { 'x-ms-copy-source': `${running.endpoint}/bronze/d%5Ce%5Cf` }
    expect(codeOf(await running.raw('PUT', '/bronze/d%5Ccopy', { headers: copied }))).toBe('202')
    const renamed = { 'x-ms-rename-source': '/bronze/d%5Ccopy' }
    expect(codeOf(await running.raw('PUT', '/bronze/d%5Cmoved', { headers: renamed }))).toBe('201')
    expect(await read('/bronze/d/moved')).toBe('windows')
    const part = `--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nDELETE /${ACCOUNT}/bronze/d%5Cmoved HTTP/1.1\r\n\r\n`
    const headers = { 'content-type': 'multipart/mixed; boundary=b' }
    const body = `${part}--b--\r\n`
    const deleted = await running.raw('POST', '/bronze', {
      query: 'restype=container&comp=batch',
      headers,
      body,
    })
    expect(deleted.text).toContain('HTTP/1.1 202 Accepted')
    const slash = await running.raw('PUT', '/bronze/d%5C', { query: 'resource=directory' })
    expect(codeOf(slash)).toBe('400 InvalidUri')
  })

  // apache/arrow's issue 38782.
  it.each(['/bronze', '/bronze/'])('%s is no name of a folder or file to make', async (path) => {
    for (const kind of ['directory', 'file'])
      expect(codeOf(await running.raw('PUT', path, { query: `resource=${kind}` }))).toBe('400 InvalidUri')
  })

  // List Blobs filters by it, says the reference.
  it.each(['d%2F%2Fx%2F', '..%2F..%2F', 'd%5Cx%2F', 'd%2Fx%2Fy%2Fz', 'd%2Fx%2Fz%2F'])(
    'a prefix with which no name begins finds nothing: %s',
    async (prefix) => {
      await put('/bronze/d/x/y')
      for (const more of ['', '&delimiter=%2F']) {
        const query = `restype=container&comp=list&prefix=${prefix}${more}`
        const listed = await running.raw('GET', '/bronze', { query })
        expect(listed).toMatchObject({ status: 200, text: expect.stringContaining('<Blobs />') })
      }
    },
  )

  // Daft's issue 1852: it writes a slash before every prefix, finds names without one, and reads accounts with a hierarchical namespace
  // alone; a file is found by its name with a slash, as its source says of the service.
  it.each([
    ['%2Fd', ['d/']],
    ['%2Fd%2F', ['d/x/']],
    ['%2F%2Fd%2Fx%2F', ['d/x/y', 'd/x/z']],
    ['%2Fd%2Fx%2Fy', ['d/x/y']],
    ['d%2Fx%2Fy%2F', ['d/x/y']],
  ])('a prefix of a slash before a name, or behind a file’s: %s', async (prefix, names) => {
    for (const file of ['y', 'z']) await put(`/bronze/d/x/${file}`)
    await running.raw('DELETE', '/bronze/a')
    const query = `restype=container&comp=list&delimiter=%2F&prefix=${prefix}`
    const { text } = await running.raw('GET', '/bronze', { query })
    expect([...text.matchAll(/<Name>([^<]*)</g)].map(([, name]) => name)).toEqual(names)
    const [first, ...rest] = names
    const paged = await running.raw('GET', '/bronze', { query: `${query}&maxresults=1` })
    const marker = /<NextMarker>([^<]*)</.exec(paged.text)?.[1]
    expect(paged.text).toContain(`<Name>${first}<`)
    const next = await running.raw('GET', '/bronze', { query: `${query}&marker=${marker}` })
    if (rest.length > 0)
      expect([...next.text.matchAll(/<Name>([^<]*)</g)].map(([, name]) => name)).toEqual(rest)
  })

  // Trino's pull requests 20897 and 27278: the root folder is the blob `/`, where there is a hierarchical namespace.
  it.each(['/bronze//', '/bronze/%2F'])('the root is a folder: HEAD %s', async (path) => {
    const metadata = { query: 'restype=container&comp=metadata', headers: { 'x-ms-meta-of': 'container' } }
    await running.raw('PUT', '/bronze', metadata)
    const { status, headers } = await running.raw('HEAD', path)
    expect([status, headers['x-ms-resource-type'], headers['content-length']]).toEqual([
      200,
      'directory',
      '0',
    ])
    expect([headers['x-ms-meta-hdi_isfolder'], headers['x-ms-meta-of']]).toEqual(['true', undefined])
    expect((await running.raw('HEAD', path.replace('bronze', 'none'))).status).toBe(404)
    // One slash is the container's address, which needs to say what is asked of it.
    expect((await running.raw('HEAD', '/bronze/')).status).toBe(400)
    expect((await running.raw('HEAD', path, { query: 'restype=container' })).headers['x-ms-meta-of']).toBe(
      'container',
    )
  })

  it('a list is of the container, not of a path in it', async () => {
    const listed = await running.raw('GET', '/bronze/d', { query: 'restype=container&comp=list' })
    expect(codeOf(listed)).toBe('400 InvalidUri')
    expect(listed.text).toContain('does not represent any resource on the server')
  })

  // The reference; terraform-provider-azurerm's issue 22126 shows such an answer.
  it('a list says again what was asked for, and no more', async () => {
    const head = async (path: string, query: string) =>
      /^[\s\S]*?<EnumerationResults [^>]*>(.*?)<(?:Blobs|Containers)>/.exec(
        (await running.raw('GET', path, { query })).text,
      )?.[1]
    const blobs = 'restype=container&comp=list'
    expect(await head('/bronze', blobs)).toBe('')
    expect(await head('/bronze', `${blobs}&prefix=&marker=&delimiter=`)).toBe('')
    expect(await head('/bronze', `${blobs}&prefix=a&maxresults=7&delimiter=%2F`)).toBe(
      '<Prefix>a</Prefix><MaxResults>7</MaxResults><Delimiter>/</Delimiter>',
    )
    expect(await head('/', 'comp=list')).toBe('')
    expect(await head('/', 'comp=list&prefix=br')).toBe('<Prefix>br</Prefix>')
  })

  // azure-cli's issue 16792, azure-docs' 62687, AzureStorageExplorer's 2650.
  it.each([
    ['/bronze/d', 'setAccessControlRecursive&mode=set', 'user:ann:rwx', 'SetAclMissingAces'],
    ['/bronze/d', 'setAccessControlRecursive&mode=remove', 'group:', 'RemoveAclNotAllowed'],
    ['/bronze/d', 'setAccessControl', 'user::rwx,group::r-x,other::rwz', 'InvaldAccessControlList'],
    ['/bronze/a', 'setAccessControl', 'user::rwx,default:user::rwx', 'DefaultAclOnFileNotAllowed'],
  ])('%s?action=%s with %s is refused with %s', async (path, action, acl, code) => {
    await running.raw('PUT', '/bronze/d', { query: 'resource=directory' })
    const answer = await running.raw('PATCH', path, {
      query: `action=${action}`,
      headers: { 'x-ms-acl': acl },
    })
    expect(codeOf(answer)).toBe(`400 ${code}`)
  })

  it('a lease is on the blob, on the container, and on the resource by the Data Lake’s interface', async () => {
    const words = async (method: string, path: string, query: string, headers = {}) =>
      (await running.raw(method, path, { query, headers })).text
    const lease = { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1' }
    await words('PUT', '/bronze/a', 'comp=lease', lease)
    expect(await words('DELETE', '/bronze/a', '')).toContain('There is currently a lease on the blob and no')
    expect(await words('DELETE', '/bronze/a', 'recursive=false')).toContain('a lease on the resource and no')
    await words('PUT', '/bronze/a', 'comp=lease', { 'x-ms-lease-action': 'break' })
    const none = await words('PUT', '/gold', 'restype=container&comp=lease', { 'x-ms-lease-action': 'break' })
    expect(none).toContain('There is currently no lease on the container.')
  })

  it('a flush at another position is told that the data is not contiguous, and which position would do', async () => {
    await running.raw('PUT', '/bronze/d/f', { query: 'resource=file' })
    await running.raw('PATCH', '/bronze/d/f', { query: 'action=append&position=0', body: 'hello' })
    const refused = await running.raw('PATCH', '/bronze/d/f', { query: 'action=flush&position=6' })
    expect(codeOf(refused)).toBe('400 InvalidFlushPosition')
    expect(refused.text).toMatch(/The uploaded data is not contiguous .* without a gap up to 5\./)
  })

  it('a folder that is not empty wants to be deleted recursively, and none is deleted with its snapshots', async () => {
    await put('/bronze/d/f')
    const refused = await running.raw('DELETE', '/bronze/d', { query: 'recursive=false' })
    expect(refused.text).toContain('The recursive query parameter value must be true')
    await running.raw('DELETE', '/bronze/d/f')
    const headers = { 'x-ms-delete-snapshots': 'include' }
    const remove = () => running.raw('DELETE', '/bronze/d', { headers })
    expect(codeOf(await remove())).toBe('400 OperationNotSupportedOnDirectory')
    expect(codeOf(await running.raw('DELETE', '/bronze/a', { headers }))).toBe('202')
  })

  it.each([
    ['PUT', 'resource=file', {}],
    ['PUT', 'resource=directory', {}],
    ['PATCH', 'action=flush&position=0', {}],
    ['PATCH', 'action=setAccessControl', { 'x-ms-permissions': '0640' }],
  ])('%s ?%s takes no body', async (method, query, headers) => {
    expect(codeOf(await running.raw(method, '/bronze/c', { query, headers, body: 'data' }))).toBe(
      '400 ContentLengthMustBeZero',
    )
    expect((await running.raw('GET', '/bronze/c')).text).toBe('x')
  })

  it('metadata of a folder has the mark of one', async () => {
    await running.raw('PUT', '/bronze/d', { query: 'resource=directory' })
    const { headers } = await running.raw('HEAD', '/bronze/d', { query: 'comp=metadata' })
    expect(headers['x-ms-meta-hdi_isfolder']).toBe('true')
  })
})
