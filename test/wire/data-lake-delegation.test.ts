/** Signatures of user delegation keys and of stored access policies, and the account's service properties. */
import tls from 'node:tls'
import {
  DataLakeSASPermissions,
  DataLakeServiceClient,
  FileSystemSASPermissions,
  generateDataLakeSASQueryParameters,
} from '@azure/storage-file-datalake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCOUNT, type LakeServer, type RawAnswer, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), running.tls.cert])
  await running.client().getFileSystemClient('bronze').getFileClient('dir/a').upload(Buffer.from('content'))
})
afterAll(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000)
const byToken = () =>
  new DataLakeServiceClient(running.tlsEndpoint, {
    getToken: async () => ({ token: TOKEN, expiresOnTimestamp: 4_102_444_800_000 }),
  })
const read = (sas: string, path = '/bronze/dir/a', method = 'GET') =>
  running.raw(method, path, { query: sas, isSigned: false })

describe('a user delegation key', () => {
  const sas = async (permissions: string, keyHours: [number, number] = [-1, 1], account = ACCOUNT) => {
    const key = await byToken().getUserDelegationKey(inHours(keyHours[0]), inHours(keyHours[1]))
    return generateDataLakeSASQueryParameters(
      {
        fileSystemName: 'bronze',
        pathName: 'dir/a',
        permissions: DataLakeSASPermissions.parse(permissions),
        expiresOn: inHours(1),
      },
      key,
      account,
    ).toString()
  }

  it('signs what its permissions open', async () => {
    expect(await read(await sas('r'))).toMatchObject({ status: 200, text: 'content' })
    expect(code(await read(await sas('w')))).toBe('403 AuthorizationPermissionMismatch')
    expect(code(await read(await sas('r'), '/bronze/dir/b'))).toBe('403 AuthenticationFailed')
  })

  it('signs for what a client takes for the account: Go’s takes the first part of the host', async () => {
    expect(code(await read(await sas('r', [-1, 1], '127')))).toBe('200')
    expect(code(await read(await sas('r', [-1, 1], 'another')))).toBe('403 AuthenticationFailed')
  })

  it('holds as long as it says, whatever the signature says', async () => {
    expect(code(await read(await sas('r', [1, 2])))).toBe('403 AuthenticationFailed')
    const forged = (await sas('r')).replace(/ske=[^&]+/, `ske=${encodeURIComponent('2099-01-01T00:00:00Z')}`)
    expect(code(await read(forged))).toBe('403 AuthenticationFailed')
  })

  it('is given for the token alone, for seven days at most', async () => {
    const body = '<KeyInfo><Start>2026-01-01T00:00:00Z</Start><Expiry>2026-01-02T00:00:00Z</Expiry></KeyInfo>'
    const query = 'restype=service&comp=userdelegationkey'
    expect(code(await running.raw('POST', '', { query, body }))).toBe('403 AuthenticationFailed')
    const asked = (from: number, to: number) => byToken().getUserDelegationKey(inHours(from), inHours(to))
    const late = { statusCode: 400, code: 'InvalidXmlNodeValue' }
    // Counted from the request on (azure-powershell's issue 17183): one that begins before it, for clocks that differ, may still end then.
    await expect(asked(-1, 24 * 7 - 0.1)).resolves.toMatchObject({ signedObjectId: expect.any(String) })
    for (const [from, to] of [
      [0, 24 * 7 + 0.1],
      [24, 24 * 7 + 0.1],
      [24 * 7 + 0.1, 24 * 7 + 0.2],
      [2, 1],
    ] as const)
      await expect(asked(from, to), `${from} to ${to}`).rejects.toMatchObject(late)
  })
})

// pgbackrest's pull request 2848: the version that a signature has does not count.
it.each([
  ['names none', {}, 'x-ms-error-code: InvalidInput'],
  ['names one', { 'x-ms-version': '2023-11-03' }, 'HTTP/1.1 202 Accepted'],
])('a batch by a signature wants a version: one that %s', async (_, version, told) => {
  await running.client().getFileSystemClient('bronze').getFileClient('gone').create()
  const permissions = FileSystemSASPermissions.parse('d')
  const terms = { fileSystemName: 'bronze', permissions, expiresOn: inHours(1) }
  const sas = generateDataLakeSASQueryParameters(terms, running.credential).toString()
  const part = `--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nDELETE /${ACCOUNT}/bronze/gone HTTP/1.1\r\n\r\n`
  const answer = await fetch(`${running.endpoint}/bronze?restype=container&comp=batch&${sas}`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/mixed; boundary=b', ...version },
    body: `${part}--b--\r\n`,
  })
  expect(answer.status).toBe(202)
  expect(await answer.text()).toContain(told)
})

describe('a stored access policy', () => {
  const policy = (permission: string, expiry = inHours(1).toISOString()) =>
    `<?xml version="1.0"?><SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy>` +
    `<Expiry>${expiry}</Expiry><Permission>${permission}</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>`
  const set = (body: string) => running.raw('PUT', '/bronze', { query: 'restype=container&comp=acl', body })
  const sas = (identifier: string) =>
    generateDataLakeSASQueryParameters(
      { fileSystemName: 'bronze', pathName: 'dir/a', identifier },
      running.credential,
    ).toString()

  it('says for a signature what may be done and until when, and can be taken back', async () => {
    expect(code(await read(sas('readers')))).toBe('403 AuthenticationFailed')
    expect((await set(policy('r'))).status).toBe(200)
    expect(await read(sas('readers'))).toMatchObject({ status: 200, text: 'content' })
    const kept = await running.raw('GET', '/bronze', { query: 'restype=container&comp=acl' })
    expect(kept.text).toContain('<Id>readers</Id>')
    await set(policy('w'))
    expect(code(await read(sas('readers')))).toBe('403 AuthorizationPermissionMismatch')
    await set(policy('r', '2020-01-01T00:00:00Z'))
    expect(code(await read(sas('readers')))).toBe('403 AuthenticationFailed')
    await set('<SignedIdentifiers />')
    expect(code(await read(sas('readers')))).toBe('403 AuthenticationFailed')
  })

  it.each([
    ['six', policy('r').repeat(6), 'InvalidXmlDocument'],
    ['one without a name', policy('r').replace('readers', ''), 'InvalidXmlDocument'],
    ['one that ends never', policy('r', 'never'), 'InvalidXmlNodeValue'],
  ])('%s is refused', async (_, body, expected) => {
    expect(code(await set(body))).toBe(`400 ${expected}`)
  })
})

describe('service properties', () => {
  const query = 'restype=service&comp=properties'
  const set = (inside: string) =>
    running.raw('PUT', '', { query, body: `<StorageServiceProperties>${inside}</StorageServiceProperties>` })

  it('are kept as they were set, those that are left out as they were', async () => {
    const rule =
      '<CorsRule><AllowedMethods>GET</AllowedMethods><AllowedOrigins>*</AllowedOrigins><MaxAgeInSeconds>5</MaxAgeInSeconds></CorsRule>'
    expect((await set(`<Cors>${rule}</Cors>`)).status).toBe(202)
    expect((await set('<DefaultServiceVersion>2021-08-06</DefaultServiceVersion>')).status).toBe(202)
    await running.restart()
    const { text } = await running.raw('GET', '', { query })
    expect(text).toContain(`<Cors>${rule}</Cors>`)
    expect(text).toContain('<DefaultServiceVersion>2021-08-06</DefaultServiceVersion>')
    expect(text).toContain(
      '<DeleteRetentionPolicy><Enabled>false</Enabled><AllowPermanentDelete>false</AllowPermanentDelete></DeleteRetentionPolicy>',
    )
  })

  it('make the container that the service makes with them, and it is listed to who asks for those', async () => {
    const names = async (more = '') =>
      [
        ...(await running.raw('GET', '', { query: `comp=list${more}` })).text.matchAll(
          /<Name>(.*?)<\/Name>/g,
        ),
      ].map(([, name]) => name)
    const website =
      '<StaticWebsite><Enabled>true</Enabled><IndexDocument>index.html</IndexDocument></StaticWebsite>'
    expect(await names('&include=system')).not.toContain('$logs')
    expect((await set(`<Logging><Read>true</Read></Logging>${website}`)).status).toBe(202)
    expect(await names('&include=system')).toEqual(expect.arrayContaining(['$logs', '$web', 'bronze']))
    expect(await names()).not.toContain('$logs')
    expect((await running.raw('GET', '', { query })).text).toContain(website)
  })

  it.each([
    ['soft delete', '<DeleteRetentionPolicy><Enabled>true</Enabled><Days>5</Days></DeleteRetentionPolicy>'],
    ['soft delete without days', '<DeleteRetentionPolicy><Enabled>true</Enabled></DeleteRetentionPolicy>'],
    ['six rules', `<Cors>${'<CorsRule></CorsRule>'.repeat(6)}</Cors>`],
    ['logs without an end', '<Logging><RetentionPolicy><Enabled>true</Enabled></RetentionPolicy></Logging>'],
  ])('with %s are refused', async (_, inside) => {
    expect((await set(inside)).status).toBe(400)
  })
})
