/** Shared access signatures, as the SDKs make them of the account key: what they open, and what they do not. */
import { createHmac } from 'node:crypto'
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  DataLakeSASPermissions,
  DataLakeServiceClient,
  DirectorySASPermissions,
  FileSystemSASPermissions,
  generateAccountSASQueryParameters,
  generateDataLakeSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-file-datalake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCOUNT, KEY, type LakeServer, startLake } from '../support/lake-server.ts'
import { runPython } from '../support/python.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
  for (const path of ['a', 'dir/b', 'dir/deep/c', 'other/d'])
    await running.client().getFileSystemClient('bronze').getFileClient(path).upload(Buffer.from(path))
})
afterAll(() => running.close())

const credential = new StorageSharedKeyCredential(ACCOUNT, KEY)
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000)

interface AccountSas {
  permissions?: string
  types?: string
  services?: string
  hours?: number
  protocol?: SASProtocol
  ipRange?: { start: string; end?: string }
  startsOn?: Date
}
const account = ({ permissions = 'rl', types = 'sco', services = 'b', hours = 1, ...more }: AccountSas) =>
  generateAccountSASQueryParameters(
    {
      permissions: AccountSASPermissions.parse(permissions),
      resourceTypes: AccountSASResourceTypes.parse(types).toString(),
      services: AccountSASServices.parse(services).toString(),
      expiresOn: inHours(hours),
      ...more,
    },
    credential,
  ).toString()

interface ServiceSas {
  permissions: string
  path?: string
  isDirectory?: boolean
  version?: string
  contentType?: string
  contentDisposition?: string
  identifier?: string
}
const service = ({ permissions, path, isDirectory, ...more }: ServiceSas) =>
  generateDataLakeSASQueryParameters(
    {
      fileSystemName: 'bronze',
      ...(path !== undefined && { pathName: path }),
      ...(isDirectory && { isDirectory, directoryDepth: 1 }),
      permissions: (isDirectory
        ? DirectorySASPermissions
        : path === undefined
          ? FileSystemSASPermissions
          : DataLakeSASPermissions
      ).parse(permissions),
      expiresOn: inHours(1),
      ...more,
    },
    credential,
  ).toString()

const ask = async (method: string, path: string, sas: string, query = '', headers = {}, body = '') => {
  const answer = await running.raw(method, path, {
    query: [query, sas].filter(Boolean).join('&'),
    headers,
    body,
    isSigned: false,
  })
  const code = answer.headers['x-ms-error-code']
  if (answer.status >= 400) expect(answer.text).not.toContain(KEY)
  return code === undefined ? answer.status : `${answer.status} ${code}`
}
const PUT = { 'x-ms-blob-type': 'BlockBlob' }
const list = 'resource=filesystem&recursive=true'

it('that creates only is told of what stands there already, of a block too, as azblob’s live tests have it', async () => {
  const sas = service({ permissions: 'c', path: 'a' })
  const block = `comp=block&blockid=${encodeURIComponent(Buffer.from('1').toString('base64'))}`
  const blocks = '<BlockList></BlockList>'
  const refused = '403 UnauthorizedBlobOverwrite'
  expect(await ask('PUT', '/bronze/a', sas, '', PUT, 'new')).toBe(refused)
  expect(await ask('PUT', '/bronze/a', sas, block, {}, 'new')).toBe(refused)
  expect(await ask('PUT', '/bronze/a', sas, 'comp=blocklist', {}, blocks)).toBe(refused)
  expect(await ask('PUT', '/bronze/a', sas, 'resource=file')).toBe(refused)
  const fresh = service({ permissions: 'c', path: 'fresh' })
  expect(await ask('PUT', '/bronze/fresh', fresh, block, {}, 'new')).toBe(201)
  expect(await ask('PUT', '/bronze/fresh', fresh, 'comp=blocklist', {}, blocks)).toBe(201)
})

it('that moves only is told of a file that stands where it moves to, as Hadoop’s driver was (HADOOP-19393)', async () => {
  const client = running.client().getFileSystemClient('bronze')
  for (const name of ['move/me', 'move/there']) await client.getFileClient(name).upload(Buffer.from(name))
  const from = { 'x-ms-rename-source': '/bronze/move/me' }
  const move = (to: string, permissions: string, headers = {}) =>
    ask('PUT', `/bronze/move/${to}`, service({ permissions }), 'mode=legacy', { ...from, ...headers })
  expect(await move('there', 'm')).toBe('403 UnauthorizedBlobOverwrite')
  expect(await move('there', 'm', { 'if-none-match': '*' })).toBe('403 UnauthorizedBlobOverwrite')
  expect(await move('there', 'c')).toBe('403 AuthorizationPermissionMismatch')
  expect(await move('there', 'wm', { 'if-none-match': '*' })).toBe('409 PathAlreadyExists')
  expect(await move('there', 'wm')).toBe(201)
  expect(await move('free', 'm', { 'x-ms-rename-source': '/bronze/move/there' })).toBe(201)
})

describe('an account SAS', () => {
  it('opens the account to the SDK, on both forms', async () => {
    const sas = account({ permissions: 'rwdlacup' })
    const lake = new DataLakeServiceClient(`${running.endpoint}?${sas}`).getFileSystemClient('silver')
    await lake.getFileClient('x y/ü.txt').upload(Buffer.from('sas'))
    expect((await lake.getFileClient('x y/ü.txt').readToBuffer()).toString()).toBe('sas')
    const names = []
    for await (const { name } of lake.listPaths({ recursive: true })) names.push(name)
    expect(names).toEqual(['x y', 'x y/ü.txt'])
    await lake.getFileClient('x y/ü.txt').move('moved')
    await lake.getFileClient('moved').delete()
  })

  it.each([
    ['nothing but reads', { permissions: 'r' }, ['GET', '/bronze/a'], 200],
    [
      'no writes without w or c',
      { permissions: 'rl' },
      ['PUT', '/bronze/new', '', PUT],
      '403 AuthorizationPermissionMismatch',
    ],
    [
      'no lists without l',
      { permissions: 'r' },
      ['GET', '/bronze', list],
      '403 AuthorizationPermissionMismatch',
    ],
    [
      'no replacing with c alone',
      { permissions: 'c' },
      ['PUT', '/bronze/a', '', PUT],
      '403 UnauthorizedBlobOverwrite',
    ],
    [
      'no deletes without d',
      { permissions: 'rw' },
      ['DELETE', '/bronze/a'],
      '403 AuthorizationPermissionMismatch',
    ],
    [
      'no containers of type o',
      { types: 'o' },
      ['GET', '/bronze', list],
      '403 AuthorizationResourceTypeMismatch',
    ],
    ['no paths of type c', { types: 'c' }, ['GET', '/bronze/a'], '403 AuthorizationResourceTypeMismatch'],
    [
      'no blobs of another service',
      { services: 'f' },
      ['GET', '/bronze/a'],
      '403 AuthorizationServiceMismatch',
    ],
    ['nothing when expired', { hours: -1 }, ['GET', '/bronze/a'], '403 AuthenticationFailed'],
    ['nothing too early', { startsOn: inHours(0.5) }, ['GET', '/bronze/a'], '403 AuthenticationFailed'],
    [
      'nothing over http when for https',
      { protocol: SASProtocol.Https },
      ['GET', '/bronze/a'],
      '403 AuthorizationProtocolMismatch',
    ],
    [
      'nothing to other addresses',
      { ipRange: { start: '10.0.0.1' } },
      ['GET', '/bronze/a'],
      '403 AuthorizationSourceIPMismatch',
    ],
    ['all to this address', { ipRange: { start: '127.0.0.1', end: '127.0.0.9' } }, ['GET', '/bronze/a'], 200],
  ] as const)('opens %s', async (_, given, [method, path, query = '', headers = {}], expected) => {
    expect(await ask(method, path, account(given), query, headers)).toBe(expected)
  })

  it('is refused when a letter of it is changed', async () => {
    const sas = account({ permissions: 'r' })
    for (const forged of [
      sas.replace('sp=r', 'sp=rwdl'),
      sas.replace('srt=sco', 'srt=o'),
      sas.replace(/se=\d+/, 'se=2999'),
      sas.replace(/sig=.*/, 'sig='),
      'sig=x',
      `${sas}x`,
      sas.replace(/sv=[^&]*&/, ''),
      sas.replace(/se=[^&]*/, 'se=never'),
      'sv=2026-01-01&sr=b&sp=r&se=2999-01-01&sig=%00',
    ])
      expect(await ask('GET', '/bronze/a', forged), forged).toBe('403 AuthenticationFailed')
  })
})

describe('a service SAS', () => {
  it('of a file opens that file', async () => {
    const sas = service({ path: 'dir/b', permissions: 'r', contentType: 'text/csv' })
    const answer = await running.raw('GET', '/bronze/dir/b', { query: sas, isSigned: false })
    expect(answer).toMatchObject({ status: 200, text: 'dir/b', headers: { 'content-type': 'text/csv' } })
    expect(await ask('GET', '/bronze/a', sas)).toBe('403 AuthenticationFailed')
    expect(await ask('GET', '/bronze', sas, list)).toBe('403 AuthenticationFailed')
    expect(await ask('PUT', '/bronze/dir/b', sas, '', PUT)).toBe('403 AuthorizationPermissionMismatch')
  })

  it('may name a content with blanks, which .NET writes as a plus', async () => {
    const sas = service({ path: 'dir/b', permissions: 'r', contentDisposition: 'attachment; filename=x.txt' })
    expect(sas).toContain('attachment%3B%20filename')
    for (const query of [sas, sas.replace('attachment%3B%20', 'attachment%3B+')])
      expect(await running.raw('GET', '/bronze/dir/b', { query, isSigned: false })).toMatchObject({
        status: 200,
        headers: { 'content-disposition': 'attachment; filename=x.txt' },
      })
  })

  it('has its pluses as %2B: one that is bare is a blank, as on the service, and the refusal says so', async () => {
    let sas = ''
    for (let number = 0; !sas.includes('%2B'); number++)
      sas = service({ path: 'dir/b', permissions: 'r', contentType: `text/${number}` })
    expect(await ask('GET', '/bronze/dir/b', sas)).toBe(200)
    const bare = await running.raw('GET', '/bronze/dir/b', {
      query: sas.replaceAll('%2B', '+'),
      isSigned: false,
    })
    expect(bare.status).toBe(403)
    expect(bare.text).toContain('write the one in sig as %2B')
  })

  it('of a container opens what is in it, and not the container itself', async () => {
    const sas = service({ permissions: 'rlwd' })
    expect(await ask('GET', '/bronze/dir/b', sas)).toBe(200)
    expect(await ask('GET', '/bronze', sas, list)).toBe(200)
    expect(await ask('GET', '/bronze', sas, 'restype=container&comp=list')).toBe(200)
    expect(await ask('GET', '/silver/x', sas)).toBe('403 AuthenticationFailed')
    expect(await ask('DELETE', '/bronze', sas, 'restype=container')).toBe('403 AuthorizationFailure')
    expect(await ask('HEAD', '/bronze', sas, 'restype=container')).toBe('403 AuthorizationFailure')
  })

  // azcopy's issue 1292, azure-powershell's 14435, azure-sdk-for-rust's 1096.
  it('of one blob is told that it is not for the container', async () => {
    const query = `${service({ permissions: 'r', path: 'dir/b' })}&restype=container&comp=list`
    const { status, headers, text } = await running.raw('GET', '/bronze', { query, isSigned: false })
    expect([status, headers['x-ms-error-code']]).toEqual([403, 'AuthenticationFailed'])
    expect(text).toMatch(
      /<AuthenticationErrorDetail>[^<]*the specified signed resource is not allowed for this resource level/,
    )
  })

  // The words are in the recordings of azure-sdk-for-js.
  it('that does not allow something says so in the service’s words, and what is missing behind them', async () => {
    const list = 'restype=container&comp=list'
    for (const [sas, words] of [
      [service({ permissions: 'r' }), 'using this permission. The SAS is refused: it lacks'],
      [account({ types: 'o' }), 'using this resource type. The SAS is refused: it does not reach'],
    ] as const) {
      const { status, text } = await running.raw('GET', '/bronze', {
        query: `${sas}&${list}`,
        isSigned: false,
      })
      expect(status).toBe(403)
      expect(text).toContain(`<Message>This request is not authorized to perform this operation ${words}`)
      expect(text).not.toContain('AuthenticationErrorDetail')
    }
  })

  it('opens the information about its account, wherever it reads', async () => {
    const information = 'restype=account&comp=properties'
    const [file, container] = [service({ permissions: 'r', path: 'a' }), service({ permissions: 'r' })]
    const blind = service({ permissions: 'w', path: 'a' })
    for (const [path, sas] of [
      ['/bronze/a', file],
      ['/bronze', container],
      ['/bronze/a', account({ types: 'o' })],
      ['', account({ types: 's' })],
    ] as const)
      expect(await ask('GET', path, sas, information)).toBe(200)
    expect(await ask('GET', '/bronze/a', blind, information)).toBe('403 AuthorizationPermissionMismatch')
  })

  it('of a directory opens what is below it, lists it, and lets nothing out of it', async () => {
    const sas = service({ path: 'dir', isDirectory: true, permissions: 'rlcwdm' })
    expect(await ask('GET', '/bronze/dir/b', sas)).toBe(200)
    expect(await ask('GET', '/bronze/dir/deep/c', sas)).toBe(200)
    expect(await ask('GET', '/bronze', sas, `${list}&directory=dir%2Fdeep`)).toBe(200)
    expect(await ask('GET', '/bronze', sas, list)).toBe('403 AuthenticationFailed')
    expect(await ask('GET', '/bronze/other/d', sas)).toBe('403 AuthenticationFailed')
    expect(await ask('GET', '/bronze/dir/../other/d', sas)).toBe('400 InvalidResourceName')
    const from = (source: string) => ({ 'x-ms-rename-source': source })
    expect(await ask('PUT', '/bronze/dir/stolen', sas, 'mode=legacy', from('/bronze/other/d'))).toBe(
      '403 AuthenticationFailed',
    )
    expect(await ask('PUT', '/bronze/out', sas, 'mode=legacy', from('/bronze/dir/b'))).toBe(
      '403 AuthenticationFailed',
    )
    const copied = (source: string) => ({ 'x-ms-copy-source': `${running.endpoint}${source}` })
    expect(await ask('PUT', '/bronze/dir/stolen', sas, '', copied('/bronze/other/d'))).toBe(
      '403 AuthenticationFailed',
    )
    expect(await ask('PUT', '/bronze/dir/copy', sas, '', copied('/bronze/dir/b'))).toBe(202)
    const reader = service({ path: 'other/d', permissions: 'r' })
    expect(await ask('PUT', '/bronze/dir/given', sas, '', copied(`/bronze/other/d?${reader}`))).toBe(202)
  })

  it.each([
    ['an older form', { path: 'a', permissions: 'r', version: '2019-12-12' }, 200],
    ['a stored policy', { path: 'a', permissions: 'r', identifier: 'policy' }, '403 AuthenticationFailed'],
  ] as const)('of %s is answered with %s', async (_, given, expected) => {
    expect(await ask('GET', '/bronze/a', service(given))).toBe(expected)
  })

  it('of a user delegation key is told why it is refused', async () => {
    const answer = await running.raw('GET', '/bronze/a', {
      query: 'sv=2026-01-01&skoid=x&sr=b&sp=r&se=2999-01-01&sig=x',
      isSigned: false,
    })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('user delegation key')
  })
})

describe('a signature that is made by hand', () => {
  /** Of a container, in the form of version 2021-12-02. */
  const byHand = (more: Record<string, string>, resource = `/blob/${ACCOUNT}/bronze`) => {
    const all: Record<string, string> = {
      sp: 'r',
      se: '2999-01-01T00:00:00Z',
      sv: '2021-12-02',
      sr: 'c',
      ...more,
    }
    const of = (name: string) => all[name] ?? ''
    const fields = [
      of('sp'),
      of('st'),
      of('se'),
      resource,
      of('si'),
      of('sip'),
      of('spr'),
      of('sv'),
      of('sr'),
    ]
    const text = [...fields, '', '', '', '', '', '', ''].join('\n')
    const sig = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest('base64')
    const given = Object.entries(all).filter(([, value]) => value !== '')
    return new URLSearchParams([...given, ['sig', sig]]).toString()
  }
  it.each([
    ['2018-03-28', 200],
    ['2015-04-05', 200],
    ['2015-02-21', '403 AuthenticationFailed'],
  ])(
    'of version %s, as clients of before sign it, has no resource in what is signed',
    async (sv, expected) => {
      const given = { sp: 'r', se: '2999-01-01T00:00:00Z', sv, sr: 'b' }
      const resource = `/blob/${ACCOUNT}/bronze/a`
      const fields = [given.sp, '', given.se, resource, '', '', '', sv, '', '', '', '', '']
      const key = createHmac('sha256', Buffer.from(KEY, 'base64'))
      const sig = key.update(fields.join('\n')).digest('base64')
      const query = new URLSearchParams({ ...given, sig }).toString()
      expect(await ask('GET', '/bronze/a', query)).toBe(expected)
    },
  )

  const why = async (sas: string) =>
    (await running.raw('GET', '/bronze/a', { query: sas, isSigned: false })).text

  it.each([
    ['r', 200],
    ['racwdxltmeop', 200],
    ['racwdyltfi', 200],
    ['lr', '403 AuthenticationFailed'],
    ['rr', '403 AuthenticationFailed'],
    ['dlrw', '403 AuthenticationFailed'],
  ])('has its permissions in the order of the reference: %s', async (sp, expected) => {
    expect(await ask('GET', '/bronze/a', byHand({ sp }))).toBe(expected)
  })

  it('of the account has them in any', async () => {
    expect(await ask('GET', '/bronze/a', account({ permissions: 'rwdlacup' }))).toBe(200)
  })

  it('is for https, or for both', async () => {
    expect(await ask('GET', '/bronze/a', byHand({ spr: 'https,http' }))).toBe(200)
    expect(await ask('GET', '/bronze/a', byHand({ spr: 'http' }))).toBe('403 AuthenticationFailed')
  })

  it('says in the service’s words that its time is over or to come', async () => {
    for (const time of [{ se: '2020-01-01T00:00:00Z' }, { st: '2998-01-01T00:00:00Z' }])
      expect(await why(byHand(time))).toContain('Signature not valid in the specified time frame')
  })

  it('leaves to its policy what the policy says', async () => {
    const policy =
      '<SignedIdentifiers><SignedIdentifier><Id>p</Id><AccessPolicy><Expiry>2999-01-01T00:00:00Z</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>'
    const acl = { query: 'restype=container&comp=acl' }
    expect((await running.raw('PUT', '/bronze', { ...acl, body: policy })).status).toBe(200)
    expect(await ask('GET', '/bronze/a', byHand({ si: 'p', sp: '', se: '' }))).toBe(200)
    for (const own of [
      { sp: 'r', se: '' },
      { sp: '', se: '2998-01-01T00:00:00Z' },
    ]) {
      const sas = byHand({ si: 'p', ...own })
      expect(await ask('GET', '/bronze/a', sas)).toBe('403 AuthenticationFailed')
      expect(await why(sas)).toContain('stands both in it and in the access policy p')
    }
    await running.raw('PUT', '/bronze', { ...acl, body: '<SignedIdentifiers />' })
  })

  it('is taken as OpenDAL makes it of an address with the account in its path', async () => {
    const resource = `/blob/${ACCOUNT}/${ACCOUNT}/bronze/a`
    expect(await ask('GET', '/bronze/a', byHand({ sr: 'b' }, resource))).toBe(200)
    expect(await ask('GET', '/bronze/dir/b', byHand({ sr: 'b' }, resource))).toBe('403 AuthenticationFailed')
  })
})

it('what Python makes is what is taken', async () => {
  const script = `
import sys, datetime
from azure.storage.filedatalake import DataLakeFileClient, DataLakeServiceClient
from azure.storage.filedatalake import DirectorySasPermissions, FileSasPermissions, generate_directory_sas, generate_file_sas
from azure.storage.blob import *
url, key = sys.argv[1:3]
end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
everything = AccountSasPermissions(read=True, write=True, list=True, create=True, delete=True)
sas = generate_account_sas("${ACCOUNT}", key, ResourceTypes(service=True, container=True, object=True), everything, end)
lake = DataLakeServiceClient(url, credential=sas, retry_total=0).get_file_system_client("gold")
lake.get_file_client("p/1 ü").upload_data(b"one", overwrite=True)
assert [path.name for path in lake.get_paths()] == ["p", "p/1 ü"]
BlobServiceClient(url, credential=sas).get_blob_client("gold", "p/2").upload_blob(b"two", metadata={"a": "b"})
BlobClient.from_blob_url(f"{url}/gold/p/3?{sas}").start_copy_from_url(f"{url}/gold/p/2")
one = generate_file_sas("${ACCOUNT}", "gold", "p", "1 ü", key, FileSasPermissions(read=True), end)
assert DataLakeFileClient(url, "gold", "p/1 ü", credential=one).download_file().readall() == b"one"
two = generate_blob_sas("${ACCOUNT}", "gold", "p/3", account_key=key, permission=BlobSasPermissions(read=True), expiry=end)
found = BlobClient.from_blob_url(f"{url}/gold/p/3?{two}").download_blob()
assert found.readall() == b"two" and found.properties.metadata == {"a": "b"}
tree = generate_directory_sas("${ACCOUNT}", "gold", "p", key, DirectorySasPermissions(read=True, list=True), end)
inside = DataLakeServiceClient(url, credential=tree).get_file_system_client("gold")
assert [path.name for path in inside.get_paths("p")] == ["p/1 ü", "p/2", "p/3"]
whole = generate_container_sas("${ACCOUNT}", "gold", account_key=key, permission=ContainerSasPermissions(list=True), expiry=end)
listed = ContainerClient.from_container_url(f"{url}/gold?{whole}").list_blobs()
assert [blob.name for blob in listed] == ["p", "p/1 ü", "p/2", "p/3"]
print("all well")
`
  expect(await runPython(script, [running.endpoint, KEY])).toBe('all well')
})
