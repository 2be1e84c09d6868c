/** Answers as azure-sdk-for-js recorded them of live accounts in 2023 (recordings/node of storage-blob and storage-file-datalake). */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const put = (path: string, body = 'x', headers = {}) =>
  running.raw('PUT', path, { body, headers: { 'x-ms-blob-type': 'BlockBlob', ...headers } })
const named = (headers: Record<string, unknown>, start: string) =>
  Object.keys(headers).filter((name) => name.startsWith(start))

beforeEach(async () => {
  await running.raw('DELETE', '/bronze/d', { query: 'recursive=true' })
})

// stageblock_with_invalid_crc64_should_fail, appendblock_with_invalid_crc64_should_fail.
it.each([
  ['CRC64', 'x-ms-content-crc64', 'AQIDBAUGBwg='],
  ['MD5', 'content-md5', 'AQIDBAUGBwgJCgsMDQ4PEA=='],
])('a wrong %s is told in the service’s words', async (kind, name, value) => {
  const query = 'comp=block&blockid=AAAA'
  const { status, text } = await running.raw('PUT', '/bronze/d/b', {
    query,
    body: 'x',
    headers: { [name]: value },
  })
  expect(status).toBe(400)
  expect(text).toContain(
    `<Message>The ${kind} value specified in the request did not match with the ${kind} value calculated by the server.\n`,
  )
})

// syncuploadfromurl_with_public_source_should_work; synccopyfromurl.
it('what Put Blob From URL makes says nothing of a copy, what a copy makes does', async () => {
  await put('/bronze/d/source')
  const headers = {
    'x-ms-copy-source': `${running.endpoint}/bronze/d/source`,
    'x-ms-copy-source-authorization': `Bearer ${TOKEN}`,
  }
  const told = async (path: string, more: Record<string, string>) => {
    await running.raw('PUT', path, { headers: { ...headers, ...more } })
    const query = 'restype=container&comp=list&include=copy&prefix=d/'
    const { text } = await running.raw('GET', '/bronze', { query })
    const listed = text.split('<Blob>').find((one) => one.includes(`<Name>${path.slice(8)}<`))
    const head = await running.raw('HEAD', path)
    expect(head.status).toBe(200)
    return [named(head.headers, 'x-ms-copy-').length, listed?.includes('<CopyId>')]
  }
  expect(await told('/bronze/d/put', { 'x-ms-blob-type': 'BlockBlob' })).toEqual([0, false])
  expect(await told('/bronze/d/copy', { 'x-ms-requires-sync': 'true' })).toEqual([5, true])
})

// stageblockfromurl_copy_source_blob_as_separate_blocks; getblocklist.
it('a list of the blocks of what is not there yet tells no length', async () => {
  const block = (id: string) =>
    running.raw('PUT', '/bronze/d/b', { query: `comp=block&blockid=${id}`, body: 'x' })
  const listed = async () =>
    (await running.raw('GET', '/bronze/d/b', { query: 'comp=blocklist&blocklisttype=all' })).headers
  await block('AAAA')
  expect(await listed()).not.toHaveProperty('x-ms-blob-content-length')
  await put('/bronze/d/b', 'whole')
  await block('BBBB')
  expect((await listed())['x-ms-blob-content-length']).toBe('5')
})

// listblobsbyhierarchy_to_list_uncommitted_blobs.
it('a blob of which only blocks wait is listed with its tier, free and not encrypted', async () => {
  await running.raw('PUT', '/bronze/d/b', { query: 'comp=block&blockid=AAAA', body: 'x' })
  const query = 'restype=container&comp=list&include=uncommittedblobs&prefix=d/'
  const { text } = await running.raw('GET', '/bronze', { query })
  expect(text).toContain(
    '<Blob><Name>d/b</Name><Properties><Content-Length>0</Content-Length><BlobType>BlockBlob</BlobType>' +
      '<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus>' +
      '<LeaseState>available</LeaseState><ServerEncrypted>false</ServerEncrypted></Properties><OrMetadata /></Blob>',
  )
})

// setaccesscontrol_with_all_parameters, datalakedirectoryclient_create_with_owner.
it('an access list is told with its owners, a tag and a time, and nothing else', async () => {
  await running.raw('PUT', '/bronze/d', { query: 'resource=directory' })
  const { headers } = await running.raw('HEAD', '/bronze/d', { query: 'action=getAccessControl' })
  expect(headers).toHaveProperty('etag')
  expect(headers).toHaveProperty('last-modified')
  expect(named(headers, 'x-ms-').sort()).toEqual(
    ['acl', 'group', 'owner', 'permissions', 'request-id', 'version'].map((name) => `x-ms-${name}`),
  )
})

// upload_by_specifying_a_modifiedaccessconditions_check_to_avoid_overwrite; datalakedirectoryclientcreateifnotexists.
it.each([
  ['file', undefined],
  ['directory', 'directory'],
])('a %s that is to be new is told of what stands there: %s', async (resource, told) => {
  const make = { query: `resource=${resource}`, headers: { 'if-none-match': '*' } }
  await running.raw('PUT', '/bronze/d/e', make)
  const { status, headers } = await running.raw('PUT', '/bronze/d/e', make)
  expect([status, headers['x-ms-existing-resource-type']]).toEqual([409, told])
})

// setproperties_and_getproperties of storage-file-datalake.
it('properties of the service are told in its order, with what a policy has beside what was set', async () => {
  const query = 'restype=service&comp=properties'
  const read = async () => (await running.raw('GET', '/', { query })).text
  const fresh = await read()
  expect(fresh).toContain('</MinuteMetrics><Cors /><DeleteRetentionPolicy>')
  const rule =
    '<AllowedOrigins>example.com</AllowedOrigins><AllowedMethods>GET</AllowedMethods><AllowedHeaders>*</AllowedHeaders>' +
    '<ExposedHeaders>*</ExposedHeaders><MaxAgeInSeconds>8888</MaxAgeInSeconds>'
  const body =
    `<StorageServiceProperties><Cors><CorsRule>${rule}</CorsRule></Cors>` +
    '<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy></StorageServiceProperties>'
  expect((await running.raw('PUT', '/', { query, body })).status).toBe(202)
  const set = await read()
  expect(set).toContain(
    '<Cors><CorsRule><AllowedMethods>GET</AllowedMethods><AllowedOrigins>example.com</AllowedOrigins><AllowedHeaders>*<',
  )
  for (const text of [fresh, set])
    expect(text).toContain(
      '<DeleteRetentionPolicy><Enabled>false</Enabled><AllowPermanentDelete>false</AllowPermanentDelete></DeleteRetentionPolicy><StaticWebsite>',
    )
})

// setmetadata_sethttpheaders_getproperties_and_createsnapshot_with_cpk.
it('a snapshot without metadata of its own uses no key, and names none', async () => {
  const key = {
    'x-ms-encryption-key': Buffer.alloc(32).toString('base64'),
    'x-ms-encryption-key-sha256': 'Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU=',
    'x-ms-encryption-algorithm': 'AES256',
  }
  const headers = { 'x-ms-blob-type': 'BlockBlob', ...key }
  await running.byToken('PUT', '/bronze/d/k', { headers, body: 'x' })
  const taken = async (more: Record<string, string>) => {
    const query = 'comp=snapshot'
    const answer = await running.byToken('PUT', '/bronze/d/k', { query, headers: { ...key, ...more } })
    expect(answer.status).toBe(201)
    const { 'x-ms-encryption-key-sha256': sha256, 'x-ms-request-server-encrypted': encrypted } =
      answer.headers
    return [sha256, encrypted]
  }
  expect(await taken({})).toEqual([undefined, 'false'])
  expect(await taken({ 'x-ms-meta-a': 'b' })).toEqual([key['x-ms-encryption-key-sha256'], 'true'])
})

// azure-sdk-for-python, test_set_default_service_version and test_set_cors of azure-storage-file-datalake.
it('the version of the service is told last, and names of headers before their beginnings', async () => {
  const query = 'restype=service&comp=properties'
  const body =
    '<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>www.xyz.com</AllowedOrigins><AllowedMethods>GET</AllowedMethods>' +
    '<AllowedHeaders>x-ms-meta-data*,x-ms-meta-abc</AllowedHeaders><ExposedHeaders /><MaxAgeInSeconds>0</MaxAgeInSeconds></CorsRule></Cors>' +
    '<DefaultServiceVersion>2014-02-14</DefaultServiceVersion></StorageServiceProperties>'
  expect((await running.raw('PUT', '/', { query, body })).status).toBe(202)
  const { text } = await running.raw('GET', '/', { query })
  expect(text).toContain('<AllowedHeaders>x-ms-meta-abc,x-ms-meta-data*</AllowedHeaders><ExposedHeaders />')
  expect(text).toContain(
    '</StaticWebsite><DefaultServiceVersion>2014-02-14</DefaultServiceVersion></StorageServiceProperties>',
  )
})

// azure-sdk-for-python, test_set_delete_retention_policy_edge_cases of azure-storage-file-datalake.
it.each(['0', '366'])(
  'a document that is not taken has its reason beside the sentence: %s days',
  async (days) => {
    const policy = `<DeleteRetentionPolicy><Enabled>true</Enabled><Days>${days}</Days></DeleteRetentionPolicy>`
    const { status, headers, text } = await running.raw('PUT', '/', {
      query: 'restype=service&comp=properties',
      body: `<StorageServiceProperties>${policy}</StorageServiceProperties>`,
    })
    expect([status, headers['x-ms-error-code']]).toEqual([400, 'InvalidXmlDocument'])
    expect(text).toContain('<Message>XML specified is not syntactically valid.\nRequestId:')
    expect(text).toContain(
      '</Message><Reason>Retention days must be greater than 0 and less than or equal to 365 days.</Reason></Error>',
    )
  },
)
