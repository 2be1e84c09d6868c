/** Signatures of user delegation keys that ask more than a permission: of the request, of who sends it, and of the access lists. */
import { createHmac } from 'node:crypto'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCAL_USER } from '../../src/local/runtime/session-token.ts'
import { ACCOUNT, type LakeServer, type RawOptions, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), running.tls.cert])
  for (const path of ['a', 'dir/b', 'dir/sub/c'])
    await running.client().getFileSystemClient('bronze').getFileClient(path).upload(Buffer.from('content'))
})
afterAll(() => running.close())

const VERSION = '2026-04-06'
const seconds = (hours: number) => `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19)}Z`
const bearer = { authorization: `Bearer ${TOKEN}`, 'x-ms-version': VERSION }

interface Asked {
  /** Of the string to sign. */
  account?: string
  /** '' signs for the container. */
  path?: string
  fields?: Record<string, string>
  headers?: Record<string, string>
  parameters?: Record<string, string>
  tenant?: string
}

/** As the documentation has it for the newest version, made by nobody's library. */
async function delegated({ account = ACCOUNT, path = 'a', tenant = '', ...asked }: Asked = {}) {
  const body = `<KeyInfo><Start>${seconds(-1)}</Start><Expiry>${seconds(1)}</Expiry>${
    tenant === '' ? '' : `<DelegatedUserTid>${tenant}</DelegatedUserTid>`
  }</KeyInfo>`
  const address = `${running.tlsEndpoint}?restype=service&comp=userdelegationkey`
  const key = await (await fetch(address, { method: 'POST', headers: bearer, body })).text()
  const of = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(key)?.[1] ?? ''
  const { headers = {}, parameters = {} } = asked
  const all: Record<string, string> = {
    ...{ sv: VERSION, sr: path === '' ? 'c' : 'b', sp: 'racwdlmeop', se: seconds(1) },
    ...{ skoid: of('SignedOid'), sktid: of('SignedTid'), skt: of('SignedStart'), ske: of('SignedExpiry') },
    ...{ sks: of('SignedService'), skv: of('SignedVersion'), skdutid: of('SignedDelegatedUserTid') },
    ...{ srh: Object.keys(headers).join(','), srq: Object.keys(parameters).join(',') },
    ...asked.fields,
  }
  const given = (...names: string[]) => names.map((name) => all[name] ?? '')
  const text = [
    ...given('sp', 'st', 'se'),
    ['', 'blob', account, 'bronze', ...(path === '' ? [] : [path])].join('/'),
    ...given('skoid', 'sktid', 'skt', 'ske', 'sks', 'skv', 'saoid', 'suoid', 'scid', 'skdutid', 'sduoid'),
    ...given('sip', 'spr', 'sv', 'sr'),
    '',
    ...given('ses'),
    Object.entries(headers)
      .map(([name, value]) => `${name}:${value}\n`)
      .join(''),
    Object.entries(parameters)
      .map(([name, value]) => `\n${name}:${value}`)
      .join(''),
    ...given('rscc', 'rscd', 'rsce', 'rscl', 'rsct'),
  ].join('\n')
  const sig = createHmac('sha256', Buffer.from(of('Value'), 'base64'))
    .update(text)
    .digest('base64')
  const filled = Object.entries({ ...all, sig }).filter(([, value]) => value !== '')
  return new URLSearchParams(filled).toString()
}

const raw = (method: string, path: string, query: string, options: RawOptions = {}) =>
  running.raw(method, path, { ...options, query, isSigned: false })
const code = async (answer: ReturnType<typeof raw>) => {
  const { status, headers } = await answer
  return headers['x-ms-error-code'] === undefined ? status : `${status} ${headers['x-ms-error-code']}`
}

describe('a signature over headers and parameters of the request', () => {
  const headers = { foo$: 'bar!', company: 'msft' }
  const parameters = { hello$: 'world!', firstName: 'Jane,Tim' }
  const more = new URLSearchParams(parameters).toString()

  it('opens what carries them', async () => {
    const sas = await delegated({ headers, parameters })
    const read = raw('GET', '/bronze/a', `${sas}&${more}`, { headers })
    expect(await read).toMatchObject({ status: 200, text: 'content' })
  })

  it('is taken from clients that encode each name of the list too', async () => {
    const sas = await delegated({ headers, parameters })
    const twice = sas.replaceAll('%24', '%2524')
    expect(twice).not.toBe(sas)
    expect(await code(raw('GET', '/bronze/a', `${twice}&${more}`, { headers }))).toBe(200)
  })

  it('opens nothing without them, nor with other values', async () => {
    const sas = await delegated({ headers, parameters })
    expect(await code(raw('GET', '/bronze/a', sas, { headers }))).toBe('403 AuthenticationFailed')
    expect(await code(raw('GET', '/bronze/a', `${sas}&${more}`))).toBe('403 AuthenticationFailed')
    const others = { ...headers, company: 'other' }
    expect(await code(raw('GET', '/bronze/a', `${sas}&${more}`, { headers: others }))).toBe(
      '403 AuthenticationFailed',
    )
  })

  it('does not let pass what the lake does not have, or refuses', async () => {
    const snapshot = { snapshot: '2026-01-01T00:00:00.0000000Z' }
    const sas = await delegated({ parameters: snapshot })
    expect(await code(raw('GET', '/bronze/a', `${sas}&${new URLSearchParams(snapshot)}`))).toBe(
      '404 BlobNotFound',
    )
    const versionid = { versionid: '2026-01-01T00:00:00.0000000Z' }
    const another = await delegated({ parameters: versionid })
    expect(await code(raw('GET', '/bronze/a', `${another}&${new URLSearchParams(versionid)}`))).toBe(
      '400 InvalidQueryParameterValue',
    )
  })
})

describe('a signature for one user', () => {
  const { oid, tid } = LOCAL_USER
  const byToken = async (sas: string) =>
    (await fetch(`${running.tlsEndpoint}/bronze/a?${sas}`, { headers: bearer })).status

  it('opens with the token of that user, in a tenant that the key is for', async () => {
    expect(await byToken(await delegated({ fields: { sduoid: oid }, tenant: tid }))).toBe(200)
  })

  it.each([
    ['another user', { fields: { sduoid: 'f0000000-0000-0000-0000-000000000000' } }],
    ['another tenant', { tenant: 'f0000000-0000-0000-0000-000000000000' }],
    ['less than is asked', { fields: { sduoid: oid, sp: 'w' } }],
  ])('opens nothing with the token when it is for %s', async (_, asked: Asked) => {
    expect(await byToken(await delegated(asked))).toBe(403)
  })

  it('opens nothing alone', async () => {
    for (const asked of [{ fields: { sduoid: oid } }, { tenant: tid }] satisfies Asked[])
      expect(await code(raw('GET', '/bronze/a', await delegated(asked)))).toBe('403 AuthenticationFailed')
  })
})

it('a signature by a client that takes the container for a part of the account’s name is known', async () => {
  const sas = await delegated({ account: `${ACCOUNT}/bronze` })
  expect(await code(raw('GET', '/bronze/a', sas))).toBe(200)
  expect(await code(raw('GET', '/bronze/a', await delegated({ account: `${ACCOUNT}/silver` })))).toBe(
    '403 AuthenticationFailed',
  )
})

describe('a signature for a user whom the access lists bind', () => {
  const ANN = 'a0000000-0000-0000-0000-000000000000'
  const setAcl = (path: string, acl: string, owner?: string) =>
    running.raw('PATCH', `/bronze/${path}`, {
      query: 'action=setAccessControl',
      headers: { 'x-ms-acl': acl, ...(owner !== undefined && { 'x-ms-owner': owner }) },
    })
  const asAnn = async (method: string, path: string, query: string, options: RawOptions = {}) => {
    const sas = await delegated({ path: '', fields: { suoid: ANN } })
    return code(raw(method, `/bronze${path}`, `${query}${query === '' ? '' : '&'}${sas}`, options))
  }
  const closed = 'user::rwx,group::---,other::---'
  const passable = 'user::rwx,group::---,other::--x'
  const DENIED = '403 AuthorizationPermissionMismatch'

  it('reads, lists, writes, makes and deletes where they let it', async () => {
    await setAcl('', closed)
    expect(await asAnn('GET', '/dir/b', '')).toBe(DENIED)
    await setAcl('', passable)
    await setAcl('dir', `user::rwx,user:${ANN}:--x,group::---,mask::rwx,other::---`)
    // She comes to it, which is enough to look at it.
    expect(await asAnn('HEAD', '/dir/b', '')).toBe(200)
    expect(await asAnn('GET', '/dir/b', '')).toBe(DENIED)
    await setAcl('dir/b', `user::rw-,user:${ANN}:r--,group::---,mask::r--,other::---`)
    expect(await asAnn('GET', '/dir/b', '')).toBe(200)
    expect(await asAnn('PATCH', '/dir/b', 'action=append&position=7', { body: 'x' })).toBe(DENIED)
    expect(await asAnn('GET', '', 'resource=filesystem&recursive=false&directory=dir')).toBe(DENIED)
    expect(await asAnn('PUT', '/dir/new', 'resource=file')).toBe(DENIED)
    expect(await asAnn('DELETE', '/dir/b', '')).toBe(DENIED)
    await setAcl('dir', `user::rwx,user:${ANN}:rwx,group::---,mask::rwx,other::---`)
    expect(await asAnn('GET', '', 'resource=filesystem&recursive=false&directory=dir')).toBe(200)
    // What is below may be closed.
    expect(await asAnn('GET', '', 'resource=filesystem&recursive=true&directory=dir')).toBe(DENIED)
    expect(await asAnn('PUT', '/dir/new', 'resource=file')).toBe(201)
    // What she makes is hers.
    expect(await asAnn('PATCH', '/dir/new', 'action=append&position=0', { body: 'x' })).toBe(202)
    expect(
      await asAnn('PATCH', '/dir/new', 'action=setAccessControl', { headers: { 'x-ms-acl': closed } }),
    ).toBe(200)
    expect(
      await asAnn('PATCH', '/dir/b', 'action=setAccessControl', { headers: { 'x-ms-acl': closed } }),
    ).toBe(DENIED)
    const rename = { 'x-ms-rename-source': '/bronze/a' }
    expect(await asAnn('PUT', '/dir/moved', 'mode=legacy', { headers: rename })).toBe(DENIED)
    expect(await asAnn('DELETE', '/dir/new', '')).toBe(202)
  })

  it('deletes by a batch what they let it, and no more', async () => {
    await running.raw('PUT', '/bronze/batch/kept', { query: 'resource=file' })
    await running.raw('PUT', '/bronze/open/gone', { query: 'resource=file' })
    await setAcl('', passable)
    await setAcl('batch', passable)
    await setAcl('open', `user::rwx,user:${ANN}:rwx,group::---,mask::rwx,other::---`)
    const part = (path: string) =>
      `--b\r\nContent-Type: application/http\r\n\r\nDELETE /${ACCOUNT}/bronze/${path} HTTP/1.1\r\n\r\n`
    const sas = await delegated({ path: '', fields: { suoid: ANN } })
    const { status, text } = await raw('POST', '/bronze', `restype=container&comp=batch&${sas}`, {
      headers: { 'content-type': 'multipart/mixed; boundary=b' },
      body: `${part('batch/kept')}${part('open/gone')}--b--\r\n`,
    })
    expect(status).toBe(202)
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, told]) => Number(told))).toEqual([403, 202])
    expect((await running.raw('HEAD', '/bronze/batch/kept')).status).toBe(200)
  })

  it('takes from a folder with the sticky bit only what is its own', async () => {
    await running.raw('PUT', '/bronze/common/b', { query: 'resource=file' })
    const open = { 'x-ms-permissions': '1777' }
    await running.raw('PATCH', '/bronze/common', { query: 'action=setAccessControl', headers: open })
    await setAcl('', passable)
    const to = (source: string) => ({ headers: { 'x-ms-rename-source': `/bronze/common/${source}` } })
    expect(await asAnn('PUT', '/common/hers', 'resource=file')).toBe(201)
    expect(await asAnn('DELETE', '/common/b', '')).toBe(DENIED)
    expect(await asAnn('PUT', '/common/moved', 'mode=legacy', to('b'))).toBe(DENIED)
    expect(await asAnn('PUT', '/common/moved', 'mode=legacy', to('hers'))).toBe(201)
    expect(await asAnn('DELETE', '/common/moved', '')).toBe(202)
    await running.raw('PATCH', '/bronze/common', {
      query: 'action=setAccessControl',
      headers: { 'x-ms-owner': ANN },
    })
    expect((await running.raw('HEAD', '/bronze/common')).headers['x-ms-permissions']).toBe('rwxrwxrwt')
    expect(await asAnn('DELETE', '/common/b', '')).toBe(202)
  })

  it('owns what it writes by the Blob interface, and folders on the way', async () => {
    await setAcl('', `user::rwx,user:${ANN}:rwx,group::---,mask::rwx,other::---`)
    const id = Buffer.from('1').toString('base64')
    const list = `<BlockList><Latest>${id}</Latest></BlockList>`
    const made = { 'x-ms-blob-type': 'BlockBlob' }
    expect(await asAnn('PUT', '/hers/put', '', { headers: made, body: 'x' })).toBe(201)
    expect(await asAnn('PUT', '/hers/append', '', { headers: { 'x-ms-blob-type': 'AppendBlob' } })).toBe(201)
    expect(
      await asAnn('PUT', '/hers/blocks', `comp=block&blockid=${encodeURIComponent(id)}`, { body: 'x' }),
    ).toBe(201)
    expect(await asAnn('PUT', '/hers/blocks', 'comp=blocklist', { body: list })).toBe(201)
    const source = { 'x-ms-copy-source': `${running.endpoint}/bronze/hers/put` }
    expect(await asAnn('PUT', '/hers/copy', '', { headers: source })).toBe(202)
    for (const path of ['hers', 'hers/put', 'hers/append', 'hers/blocks', 'hers/copy']) {
      const { headers } = await running.raw('HEAD', `/bronze/${path}`)
      expect([path, headers['x-ms-owner']]).toEqual([path, ANN])
    }
  })

  it('leaves what it overwrites to its owner', async () => {
    const open = `user::rw-,user:${ANN}:rw-,group::---,mask::rw-,other::---`
    await setAcl('', `user::rwx,user:${ANN}:rwx,group::---,mask::rwx,other::---`)
    await running.raw('PUT', '/bronze/theirs', { query: 'resource=file' })
    await setAcl('theirs', open, 'bob')
    const made = { 'x-ms-blob-type': 'BlockBlob' }
    expect(await asAnn('PUT', '/theirs', '', { headers: made, body: 'x' })).toBe(201)
    expect(await asAnn('PUT', '/theirs', 'resource=file')).toBe(201)
    expect((await running.raw('HEAD', '/bronze/theirs')).headers).toMatchObject({
      'x-ms-owner': 'bob',
      'x-ms-acl': open,
    })
  })

  it('is narrowed by the mask', async () => {
    await setAcl('', passable)
    await setAcl('dir', `user::rwx,user:${ANN}:rwx,group::---,mask::--x,other::---`)
    expect(await asAnn('GET', '', 'resource=filesystem&recursive=false&directory=dir')).toBe(DENIED)
  })

  it('changes the lists of a tree that are its user’s, and is told of the others', async () => {
    const put = (path: string, query: string, owner: string) =>
      running.raw('PUT', `/bronze/${path}`, { query, headers: { 'x-ms-owner': owner } })
    await setAcl('', passable)
    await put('tree', 'resource=directory', ANN)
    await put('tree/1', 'resource=file', '$superuser')
    await put('tree/2', 'resource=file', ANN)
    const change = async (more = '') => {
      const sas = await delegated({ path: '', fields: { suoid: ANN } })
      const query = `action=setAccessControlRecursive&mode=set${more}&${sas}`
      return JSON.parse((await raw('PATCH', '/bronze/tree', query, { headers: { 'x-ms-acl': closed } })).text)
    }
    expect(await change()).toMatchObject({
      directoriesSuccessful: 1,
      filesSuccessful: 0,
      failureCount: 1,
      failedEntries: [
        {
          name: 'tree/1',
          type: 'FILE',
          errorMessage: 'This request is not authorized to perform this operation using this permission.',
        },
      ],
    })
    expect(await change('&forceFlag=true')).toMatchObject({ filesSuccessful: 1, failureCount: 1 })
  })
})
