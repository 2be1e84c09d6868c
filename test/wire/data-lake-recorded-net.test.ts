/** Answers as azure-sdk-for-net recorded them of live accounts (SessionRecords of Azure.Storage.Blobs and Azure.Storage.Files.DataLake, 2019 to 2023). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const source = () => ({
  'x-ms-copy-source': `${running.endpoint}/bronze/source`,
  'x-ms-copy-source-authorization': `Bearer ${TOKEN}`,
})

// CommitBlockListAsync_AccessTierFail, StartCopyFromUriAsync_AccessTierFail, CopyFromUriAsync_AccessTierFail.
it.each([
  ['Put Block List', 'comp=blocklist', () => ({})],
  ['Copy Blob', '', source],
  ['Copy Blob From URL', '', () => ({ ...source(), 'x-ms-requires-sync': 'true' })],
])('%s knows no tier of page blobs', async (_, query, headers) => {
  await running.raw('PUT', '/bronze/source', { body: 'x', headers: { 'x-ms-blob-type': 'BlockBlob' } })
  const given = (tier: string) =>
    running.raw('PUT', '/bronze/copy', {
      query,
      headers: { ...headers(), 'x-ms-access-tier': tier },
      ...(query && { body: '<BlockList></BlockList>' }),
    })
  const refused = await given('P20')
  expect([refused.status, refused.headers['x-ms-error-code']]).toEqual([400, 'InvalidHeaderValue'])
  expect(refused.text).toContain('<HeaderName>x-ms-access-tier</HeaderName><HeaderValue>P20</HeaderValue>')
  expect((await given('Smart')).headers['x-ms-error-code']).toBe('UnsupportedHeader')
  expect((await given('Cool')).status).toBeLessThan(203)
})

// SetPermissionsAsync_Error, SetAccessControlAsync_Error.
it.each([
  ['x-ms-permissions', 'InvalidPermission', 'The permission value is invalid'],
  ['x-ms-acl', 'InvaldAccessControlList', 'The access control list value is invalid'],
])('%s that is none has a code of its own', async (name, code, words) => {
  await running.raw('PUT', '/bronze/access', { query: 'resource=file' })
  const refused = await running.raw('PATCH', '/bronze/access', {
    query: 'action=setAccessControl',
    headers: { [name]: 'asdf' },
  })
  expect([refused.status, refused.headers['x-ms-error-code']]).toEqual([400, code])
  expect(JSON.parse(refused.text).error).toMatchObject({ code, message: expect.stringContaining(words) })
})

// GetUserDelegationKey_Error.
it('a user delegation key asked for by the account’s key is told of the scheme', async () => {
  const body = '<KeyInfo><Start>2026-12-01T00:00:00Z</Start><Expiry>2026-12-02T00:00:00Z</Expiry></KeyInfo>'
  const query = 'restype=service&comp=userdelegationkey'
  const { status, headers, text } = await running.raw('POST', '/', { query, body })
  expect([status, headers['x-ms-error-code']]).toEqual([403, 'AuthenticationFailed'])
  expect(text).toContain('<AuthenticationErrorDetail>Only authentication scheme Bearer is supported')
})

// CreateAsync_ConditionsFail, DeleteAsync_ConditionsFail, SetAccessControlAsync_ConditionsFail, AppendDataAsync_InvalidLease, RenameAsync_SourceConditionsFail.
it.each([
  ['PUT', 'resource=directory', {}],
  ['DELETE', 'recursive=true', {}],
  ['PATCH', 'action=setAccessControl', { 'x-ms-acl': 'user::rwx,group::r--,other::---' }],
  ['PATCH', 'action=append&position=0', {}],
  ['PUT', 'mode=legacy', { 'x-ms-rename-source': '/bronze/from' }],
  ['PUT', 'mode=legacy', { 'x-ms-rename-source': '/bronze/from', 'x-ms-source-lease-id': '' }],
] as const)(
  '%s ?%s with a lease that is not there is told so by the Data Lake’s interface: %o',
  async (method, query, headers) => {
    const resource = query.includes('append') ? 'file' : 'directory'
    await running.raw('DELETE', '/bronze/leased', { query: 'recursive=true' })
    for (const path of ['/bronze/leased', '/bronze/from'])
      await running.raw('PUT', path, { query: `resource=${resource}` })
    const named = 'x-ms-source-lease-id' in headers ? 'x-ms-source-lease-id' : 'x-ms-lease-id'
    const refused = await running.raw(method, '/bronze/leased', {
      query,
      headers: { ...headers, [named]: '927aebf7-0a61-0c21-c248-f3e36c0878d8' },
      ...(resource === 'file' && { body: 'x' }),
    })
    expect([refused.status, refused.headers['x-ms-error-code']]).toEqual([412, 'LeaseNotPresent'])
    expect(JSON.parse(refused.text).error).toMatchObject({
      code: 'LeaseNotPresent',
      message: expect.stringMatching(/^There is currently no lease on the resource\.\n/),
    })
  },
)

// RenameAsync_SourceConditionsFail.
it('a condition of the source is told as one of the source', async () => {
  await running.raw('PUT', '/bronze/from', { query: 'resource=directory' })
  const headers = { 'x-ms-rename-source': '/bronze/from', 'x-ms-source-if-match': '"0x1"' }
  const refused = await running.raw('PUT', '/bronze/renamed', { query: 'mode=legacy', headers })
  expect([refused.status, refused.headers['x-ms-error-code']]).toEqual([412, 'SourceConditionNotMet'])
  expect(JSON.parse(refused.text).error.message).toMatch(/^The source condition specified using HTTP/)
})
