/** Leases of blobs, paths and containers: who has one may write, and others are told that somebody has. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LakeServer, type RawAnswer, startLake } from '../support/lake-server.ts'

const MINE = '11111111-1111-4111-8111-111111111111'
const OTHER = '22222222-2222-4222-8222-222222222222'

let running: LakeServer
beforeEach(async () => {
  running = await startLake()
  await write()
})
afterEach(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const write = (headers: Record<string, string> = {}) =>
  running.raw('PUT', '/bronze/a', { headers: { 'x-ms-blob-type': 'BlockBlob', ...headers }, body: 'x' })
const lease = (action: string, headers: Record<string, string> = {}, path = '/bronze/a') =>
  running.raw('PUT', path, {
    query: path === '/bronze' ? 'restype=container&comp=lease' : 'comp=lease',
    headers: { 'x-ms-lease-action': action, ...headers },
  })
const acquire = (id = MINE, duration = '60', path = '/bronze/a') =>
  lease('acquire', { 'x-ms-lease-duration': duration, 'x-ms-proposed-lease-id': id }, path)
const holder = (id: string) => ({ 'x-ms-lease-id': id })

describe('a lease', () => {
  it('is taken once, shown in the answer and in the listing, renewed, changed and given back', async () => {
    const answer = await acquire()
    expect(answer).toMatchObject({ status: 201, headers: { 'x-ms-lease-id': MINE } })
    const head = await running.raw('HEAD', '/bronze/a')
    expect(head.headers).toMatchObject({
      'x-ms-lease-state': 'leased',
      'x-ms-lease-status': 'locked',
      'x-ms-lease-duration': 'fixed',
    })
    const list = await running.raw('GET', '/bronze', { query: 'restype=container&comp=list' })
    expect(list.text).toContain('<LeaseStatus>locked</LeaseStatus><LeaseState>leased</LeaseState>')
    expect(code(await acquire(OTHER))).toBe('409 LeaseAlreadyPresent')
    expect(code(await acquire(MINE, '-1'))).toBe('201')
    expect(code(await lease('renew', holder(OTHER)))).toBe('409 LeaseIdMismatchWithLeaseOperation')
    expect(code(await lease('renew', holder(MINE)))).toBe('200')
    const changed = await lease('change', { ...holder(MINE), 'x-ms-proposed-lease-id': OTHER })
    expect(changed.headers['x-ms-lease-id']).toBe(OTHER)
    expect(code(await lease('release', holder(MINE)))).toBe('409 LeaseIdMismatchWithLeaseOperation')
    expect(code(await lease('release', holder(OTHER)))).toBe('200')
    expect((await running.raw('HEAD', '/bronze/a')).headers['x-ms-lease-state']).toBe('available')
  })

  it.each([
    ['Put Blob', 'PUT', '', { 'x-ms-blob-type': 'BlockBlob' }],
    ['Put Block', 'PUT', 'comp=block&blockid=AAAA', {}],
    ['Put Block List', 'PUT', 'comp=blocklist', {}],
    ['Set Blob Metadata', 'PUT', 'comp=metadata', { 'x-ms-meta-a': '1' }],
    ['Set Blob Properties', 'PUT', 'comp=properties', {}],
    ['Set Blob Expiry', 'PUT', 'comp=expiry', { 'x-ms-expiry-option': 'NeverExpire' }],
    ['Delete Blob', 'DELETE', '', {}],
    ['Path - Create', 'PUT', 'resource=file', {}],
    ['Path - Update (append)', 'PATCH', 'action=append&position=1', {}],
    ['Path - Update (flush)', 'PATCH', 'action=flush&position=1', {}],
    ['Path - Update (properties)', 'PATCH', 'action=setProperties', {}],
    ['Path - Update (access)', 'PATCH', 'action=setAccessControl', { 'x-ms-permissions': '0700' }],
    ['Path - Delete', 'DELETE', 'recursive=false', {}],
    ['Path - Create (rename)', 'PUT', '', { 'x-ms-rename-source': '/bronze/other' }],
  ] as const)('keeps others from %s', async (_, method, query, headers) => {
    await running.raw('PUT', '/bronze/other', { query: 'resource=file' })
    await acquire()
    const ask = (more: Record<string, string>) =>
      running.raw(method, '/bronze/a', { query, headers: { ...headers, ...more }, body: '' })
    expect(code(await ask({}))).toBe('412 LeaseIdMissing')
    expect(code(await ask(holder(OTHER)))).toBe('412 LeaseIdMismatchWithBlobOperation')
    expect((await running.raw('GET', '/bronze/a', { headers: holder(OTHER) })).status).toBe(412)
    expect((await running.raw('GET', '/bronze/a', { headers: holder(MINE) })).text).toBe('x')
  })

  it('that is not there, or was lost, is no lease', async () => {
    expect(code(await write(holder(MINE)))).toBe('412 LeaseNotPresentWithBlobOperation')
    await acquire(MINE, '15')
    await lease('break', { 'x-ms-lease-break-period': '0' })
    expect((await running.raw('HEAD', '/bronze/a')).headers['x-ms-lease-state']).toBe('broken')
    expect(code(await write(holder(MINE)))).toBe('412 LeaseLost')
    expect(code(await lease('renew', holder(MINE)))).toBe('409 LeaseIsBrokenAndCannotBeRenewed')
    expect(code(await write())).toBe('201')
    expect(code(await acquire(OTHER))).toBe('201')
  })

  it('that was broken is gone with the next write, and one that stands stays', async () => {
    await acquire()
    await lease('break', { 'x-ms-lease-break-period': '0' })
    expect(code(await write())).toBe('201')
    expect(code(await lease('renew', holder(MINE)))).toBe('409 LeaseIdMismatchWithLeaseOperation')
    expect((await running.raw('HEAD', '/bronze/a')).headers['x-ms-lease-state']).toBe('available')
    await acquire()
    expect(code(await write(holder(MINE)))).toBe('201')
    expect(code(await lease('renew', holder(MINE)))).toBe('200')
  })

  it('is broken after the time that the holder still has', async () => {
    await acquire()
    const broken = await lease('break', { 'x-ms-lease-break-period': '30' })
    expect(broken).toMatchObject({ status: 202, headers: { 'x-ms-lease-time': '30' } })
    expect(code(await acquire(OTHER))).toBe('409 LeaseAlreadyPresent')
    expect(code(await acquire(MINE))).toBe('409 LeaseIsBreakingAndCannotBeAcquired')
    expect(code(await write())).toBe('412 LeaseIdMissing')
    expect(code(await write(holder(MINE)))).toBe('201')
  })

  it('of a container keeps it from being deleted, and its blobs from nothing', async () => {
    const remove = (headers = {}) => running.raw('DELETE', '/bronze', { query: 'restype=container', headers })
    expect(code(await acquire(MINE, '-1', '/bronze'))).toBe('201')
    expect(code(await remove())).toBe('412 LeaseIdMissing')
    expect(code(await remove(holder(OTHER)))).toBe('412 LeaseIdMismatchWithContainerOperation')
    expect(code(await write())).toBe('201')
    expect(code(await remove(holder(MINE)))).toBe('202')
  })

  it.each([
    [{ 'x-ms-lease-action': 'acquire' }, 'MissingRequiredHeader'],
    [{ 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '5' }, 'InvalidHeaderValue'],
    [{ 'x-ms-lease-action': 'renew', 'x-ms-lease-id': 'mine' }, 'InvalidHeaderValue'],
    [{ 'x-ms-lease-action': 'break', 'x-ms-lease-break-period': '61' }, 'InvalidHeaderValue'],
  ])('asked for as %o is refused', async (headers, expected) => {
    const answer = await running.raw('PUT', '/bronze/a', {
      query: 'comp=lease',
      headers: headers as unknown as Record<string, string>,
    })
    expect(code(answer)).toBe(`400 ${expected}`)
  })

  it('must be shown when its file is renamed, and ends then, or with its file', async () => {
    await acquire()
    const rename = (headers: Record<string, string>) =>
      running.raw('PUT', '/bronze/b', { headers: { 'x-ms-rename-source': '/bronze/a', ...headers } })
    expect(code(await rename({}))).toBe('412 LeaseIdMissing')
    expect(code(await rename({ 'x-ms-source-lease-id': MINE }))).toBe('201')
    expect((await running.raw('HEAD', '/bronze/b')).headers['x-ms-lease-state']).toBe('available')
    await write()
    await acquire()
    await running.raw('DELETE', '/bronze/a', { headers: holder(MINE) })
    await write()
    expect((await running.raw('HEAD', '/bronze/a')).headers['x-ms-lease-state']).toBe('available')
  })

  it.each([
    ['a duration', { 'x-ms-proposed-lease-id': MINE, 'x-ms-lease-duration': '5' }],
    ['an id', { 'x-ms-proposed-lease-id': 'mine', 'x-ms-lease-duration': '60' }],
    ['no duration', { 'x-ms-proposed-lease-id': MINE }],
  ])('with %s that cannot be is refused before a path is made, replaced or renamed', async (_, headers) => {
    const put = (path: string, query = '', more = {}) =>
      running.raw('PUT', `/bronze/${path}`, { query, headers: { ...headers, ...more } })
    await running.raw('PUT', '/bronze/kept', { query: 'resource=file' })
    const kept = await running.raw('HEAD', '/bronze/kept')
    expect(await put('kept', 'resource=file')).toMatchObject({ status: 400 })
    expect(await put('folder', 'resource=directory')).toMatchObject({ status: 400 })
    expect(await put('moved', '', { 'x-ms-rename-source': '/bronze/kept' })).toMatchObject({ status: 400 })
    const after = await running.raw('HEAD', '/bronze/kept')
    expect(after).toMatchObject({ status: 200, headers: { etag: kept.headers.etag } })
    for (const path of ['folder', 'moved'])
      expect(await running.raw('HEAD', `/bronze/${path}`)).toMatchObject({ status: 404 })
  })

  it('is taken by the Data Lake interface: alone, with a new file, and around an append and a flush', async () => {
    const post = await running.raw('POST', '/bronze/a', {
      headers: {
        'x-ms-lease-action': 'acquire',
        'x-ms-lease-duration': '-1',
        'x-ms-proposed-lease-id': MINE,
      },
    })
    expect(post).toMatchObject({ status: 201, headers: { 'x-ms-lease-id': MINE } })
    const made = await running.raw('PUT', '/bronze/new', {
      query: 'resource=file',
      headers: { 'x-ms-proposed-lease-id': MINE, 'x-ms-lease-duration': '60' },
    })
    expect(made.headers).not.toHaveProperty('x-ms-lease-state')
    expect((await running.raw('HEAD', '/bronze/new')).headers['x-ms-lease-state']).toBe('leased')
    const append = (query: string, action: string, more = {}) =>
      running.raw('PATCH', '/bronze/new', {
        query,
        headers: { 'x-ms-lease-action': action, ...more },
        body: query.includes('append') ? 'data' : '',
      })
    expect(code(await append('action=append&position=0', 'auto-renew', holder(OTHER)))).toMatch(/^4/)
    const renewed = await append('action=append&position=0', 'auto-renew', holder(MINE))
    expect(renewed).toMatchObject({ status: 202, headers: { 'x-ms-lease-renewed': 'true' } })
    expect(renewed.headers).not.toHaveProperty('x-ms-lease-state')
    const flushed = await append('action=flush&position=4', 'release', holder(MINE))
    expect(flushed.status).toBe(200)
    expect((await running.raw('HEAD', '/bronze/new')).headers['x-ms-lease-state']).toBe('available')
    const alone = { 'x-ms-lease-duration': '60' }
    expect(code(await append('action=append&position=4', 'acquire-release', alone))).toBe(
      '400 InvalidHeaderValue',
    )
  })

  it.each([
    ['a flush whose condition fails', 'action=flush&position=7', { 'if-match': '"0x1"' }, 412],
    ['a flush beyond what is there', 'action=flush&position=9', {}, 400],
    ['an append beyond what is there', 'action=append&position=9&flush=true', {}, 400],
  ] as const)('that %s would take is given back with the refusal', async (_, query, condition, status) => {
    await running.write('/bronze/taken', 'content')
    for (const action of query.includes('append') ? ['acquire'] : ['acquire', 'acquire-release']) {
      const headers = {
        ...{ 'x-ms-lease-action': action, 'x-ms-lease-duration': '15', ...condition },
        'x-ms-proposed-lease-id': crypto.randomUUID(),
      }
      const body = query.includes('append') ? 'x' : ''
      expect((await running.raw('PATCH', '/bronze/taken', { query, headers, body })).status).toBe(status)
      expect((await running.raw('HEAD', '/bronze/taken')).headers['x-ms-lease-state']).toBe('available')
    }
  })
})
