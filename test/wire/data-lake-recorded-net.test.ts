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
