/** Who may come in: the account key by signature on both doors, the session's bearer token over TLS only. */
import { createHmac } from 'node:crypto'
import { request as tlsRequest } from 'node:https'
import { DataLakeServiceClient } from '@azure/storage-file-datalake'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCOUNT, KEY, type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'

let running: LakeServer

beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

function overTls(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; challenge: unknown; text: string }> {
  return new Promise((done, fail) => {
    const sent = tlsRequest(`${running.tlsEndpoint}${path}`, { headers, ca: running.tls.cert, agent: false })
    sent.on('error', fail)
    sent.on('response', async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      done({ status: response.statusCode ?? 0, challenge: response.headers['www-authenticate'], text })
    })
    sent.end()
  })
}

const LIST = 'resource=filesystem&recursive=true'
const list = `/bronze?${LIST}`
const version = (value: string) => ({ 'x-ms-version': value })

describe('the bearer token', () => {
  it('is taken over TLS, in any case of its scheme', async () => {
    for (const scheme of ['Bearer', 'bearer']) {
      const headers = { authorization: `${scheme} ${TOKEN}`, ...version('2023-11-03') }
      expect((await overTls(list, headers)).status).toBe(200)
    }
  })

  it('is taken from the version on that has tokens', async () => {
    const asked = async (headers: Record<string, string>) => {
      const { status, text } = await overTls(list, { authorization: `Bearer ${TOKEN}`, ...headers })
      return status === 200
        ? 200
        : `${status} ${(JSON.parse(text) as { error: { code: string } }).error.code}`
    }
    expect(await asked(version('2017-11-09'))).toBe(200)
    expect(await asked(version('2017-07-29'))).toBe('403 AuthenticationFailed')
    expect(await asked({})).toBe('403 AuthenticationFailed')
  })

  it.each([
    ['missing', {}, 'NoAuthenticationInformation'],
    ['wrong', { authorization: 'Bearer other' }, 'InvalidAuthenticationInfo'],
    ['cut', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 'InvalidAuthenticationInfo'],
    ['too long', { authorization: `Bearer ${TOKEN}x` }, 'InvalidAuthenticationInfo'],
  ])('is refused when %s, with the challenge that clients look for', async (_, headers, code) => {
    const { status, challenge, text } = await overTls(list, headers as Record<string, string>)
    expect(status).toBe(401)
    expect(challenge).toMatch(/^Bearer/)
    expect(text).toContain(`"${code}"`)
    expect(text).not.toContain(TOKEN)
  })

  it.each([
    'Bearer ',
    `Basic ${TOKEN}`,
    'SharedAccessSignature sig=abc',
    'SharedKey',
    `SharedKey ${ACCOUNT}`,
    `SharedKey ${ACCOUNT}:`,
    'SharedKeyLite :abc',
    'junk',
  ])(
    'or a signature has to have its form, so that %s is a bad request on both doors',
    async (authorization) => {
      const over = await overTls(list, { authorization })
      expect(over.status).toBe(400)
      expect(over.text).toContain('"InvalidAuthenticationInfo"')
      const plain = await running.raw('GET', '/bronze/a', { headers: { authorization }, isSigned: false })
      expect([plain.status, plain.headers['x-ms-error-code']]).toEqual([400, 'InvalidAuthenticationInfo'])
      expect(plain.text).toContain('Authentication information is not given in the correct format.')
    },
  )

  it('is not taken where it could be overheard', async () => {
    const answer = await running.raw('GET', '/bronze', {
      query: 'resource=filesystem',
      headers: { authorization: `Bearer ${TOKEN}` },
      isSigned: false,
    })
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'x-ms-error-code': 'NoAuthenticationInformation' },
    })
  })

  it('of pages of other origins is refused', async () => {
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      origin: 'https://elsewhere.example',
      ...version('2023-11-03'),
    }
    expect((await overTls(list, headers)).status).toBe(403)
  })
})

describe('the version that is asked for', () => {
  const asked = async (headers: Record<string, string>, query = 'resource=filesystem&recursive=true') => {
    const { status, headers: answered } = await running.raw('GET', '/bronze', { query, headers })
    return status === 200 ? 200 : `${status} ${answered['x-ms-error-code']}`
  }

  it.each(['2009-04-14', '2018-06-17', '2023-11-03', '2026-06-06', '2031-12-31'])(
    '%s is taken: a day on or after the first one, later ones too',
    async (value) => {
      expect(await asked(version(value))).toBe(200)
    },
  )

  it.each(['2009-04-13', '2023-13-03', '2023-02-30', '2023-11-3', '20231103', '2023-11-03T00', 'latest', ''])(
    '%j is refused, in both forms',
    async (value) => {
      expect(await asked(version(value))).toBe('400 InvalidHeaderValue')
      expect(await asked(version(value), 'restype=container&comp=list')).toBe('400 InvalidHeaderValue')
    },
  )

  it('is looked at before the signature, as by the service', async () => {
    const { text } = await running.raw('GET', '/bronze', {
      query: 'restype=container',
      headers: version('latest'),
      isSigned: false,
    })
    expect(text).toContain('x-ms-version is a version as 2023-11-03, not &quot;latest&quot;')
  })
})

describe('the account key', () => {
  const probe = (key: string, account = ACCOUNT) =>
    running.client(key, account).getFileSystemClient('bronze').exists()

  it('signs on both doors', async () => {
    expect(await probe(KEY)).toBe(true)
    const date = new Date().toUTCString()
    const text = `GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:2023-11-03\n/${ACCOUNT}/${ACCOUNT}/bronze\nrecursive:true\nresource:filesystem`
    const signed = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest('base64')
    const answer = await overTls('/bronze?resource=filesystem&recursive=true', {
      authorization: `SharedKey ${ACCOUNT}:${signed}`,
      'x-ms-date': date,
      'x-ms-version': '2023-11-03',
    })
    expect(answer.status).toBe(200)
  })

  it('of another account, another key, or none is refused', async () => {
    const refused = { statusCode: 403, code: 'AuthenticationFailed' }
    const list = (key: string, account: string) =>
      running.client(key, account).getFileSystemClient('bronze').getProperties()
    await expect(list(Buffer.from('other').toString('base64'), ACCOUNT)).rejects.toMatchObject({
      statusCode: 403,
    })
    await expect(list(KEY, 'otheraccount')).rejects.toMatchObject({ statusCode: 403 })
    await expect(
      running
        .client(Buffer.from('x').toString('base64'))
        .getFileSystemClient('bronze')
        .getFileClient('a')
        .create(),
    ).rejects.toMatchObject(refused)
    const anonymous = new DataLakeServiceClient(running.endpoint, undefined, {
      retryOptions: { maxTries: 1 },
    })
    await expect(anonymous.getFileSystemClient('bronze').getProperties()).rejects.toMatchObject({
      statusCode: 401,
    })
  })

  it.each([
    'SharedKey',
    'SharedKey ',
    'SharedKey x',
    `SharedKey ${ACCOUNT}`,
    `SharedKey ${ACCOUNT}:`,
    `SharedKey ${ACCOUNT}:AAAA`,
    `SharedKey :${KEY}`,
    `SharedKey ${ACCOUNT}:${KEY}`,
    `SharedKeyLite ${ACCOUNT}:AAAA`,
  ])('%s is no signature', async (authorization) => {
    const { status, text } = await running.raw('GET', '/bronze/a', {
      headers: { authorization },
      isSigned: false,
    })
    expect([400, 403]).toContain(status)
    expect(text).not.toContain(KEY)
  })

  it('signs what is sent: a changed path, query, header or length is refused', async () => {
    const headers = await capture()
    expect((await replay('/bronze', LIST, headers)).status).toBe(200)
    expect((await replay('/silver', LIST, headers)).status).toBe(403)
    expect((await replay('/bronze', `${LIST}&upn=true`, headers)).status).toBe(403)
    expect((await replay('/bronze', LIST, { ...headers, 'x-ms-version': '2020-02-10' })).status).toBe(403)
    expect((await replay('/bronze', LIST, { ...headers, 'x-ms-more': '1' })).status).toBe(403)
    expect((await replay('/bronze', LIST, { ...headers, range: 'bytes=0-1' })).status).toBe(403)
  })

  it('is not taken of a date that is old, missing or none, whatever the signature', async () => {
    const asked = (headers: Record<string, string>) =>
      running.raw('GET', '/bronze', { query: LIST, headers, isSigned: true })
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toUTCString()
    for (const date of [minutesAgo(14), minutesAgo(-60)])
      expect((await asked({ 'x-ms-date': date })).status).toBe(200)
    const refused = async (headers: Record<string, string>) => {
      const { status, headers: told, text } = await asked({ accept: 'application/xml', ...headers })
      expect([status, told['x-ms-error-code']]).toEqual([403, 'AuthenticationFailed'])
      return JSON.parse(text).error.message as string
    }
    const old = minutesAgo(16)
    expect(await refused({ 'x-ms-date': old })).toContain(`Request date header too old: '${old}'`)
    expect(await refused({ 'x-ms-date': 'today' })).toContain('The Date header in the request is incorrect.')
    expect(await refused({ 'x-ms-date': '' })).toContain('Request date header not specified')
    const blob = await running.raw('GET', '/bronze/none', { headers: { 'x-ms-date': old } })
    expect(blob.text).toContain(
      `<AuthenticationErrorDetail>Request date header too old: &apos;${old}&apos;</AuthenticationErrorDetail>`,
    )
  })

  it('that does not match is refused with the string that was to be signed', async () => {
    const { text } = await running.raw('GET', '/bronze/a', {
      query: 'comp=metadata',
      headers: { authorization: `SharedKey ${ACCOUNT}:bm9uZQ==`, 'x-ms-meta-a': '<b>' },
      isSigned: false,
    })
    expect(text).toContain('MAC signature found in the HTTP request is not the same')
    expect(text).toContain(`x-ms-meta-a:&lt;b&gt;\n`)
    expect(text).toContain(
      `/${ACCOUNT}/${ACCOUNT}/bronze/a\ncomp:metadata&apos;.</AuthenticationErrorDetail>`,
    )
  })

  it('has what stands between two ampersands in it, which is nothing', async () => {
    const query = '&restype=container&&comp=list'
    const { status, text } = await running.raw('GET', '/bronze', { query })
    expect(status).toBe(403)
    expect(text).toContain(`/${ACCOUNT}/${ACCOUNT}/bronze\n:\n:\ncomp:list\nrestype:container`)
    const said = /string to sign: &apos;([\s\S]*?)&apos;/.exec(text)?.[1] ?? ''
    const date = /x-ms-date:(.*)/.exec(said)?.[1] ?? ''
    const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(said).digest('base64')
    const headers = { 'x-ms-date': date, authorization: `SharedKey ${ACCOUNT}:${signature}` }
    expect((await running.raw('GET', '/bronze', { query, headers, isSigned: false })).status).toBe(200)
  })

  it('may have the short form, which signs fewer headers and of the query only comp', async () => {
    const lite = (query: string, comp: string, key = KEY) => {
      const date = new Date().toUTCString()
      const text = `GET\n\n\n\nx-ms-date:${date}\nx-ms-version:2023-11-03\n/${ACCOUNT}/${ACCOUNT}/bronze${comp}`
      const signed = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')
      const authorization = `SharedKeyLite ${ACCOUNT}:${signed}`
      return replay('/bronze', query, { authorization, 'x-ms-date': date, 'x-ms-version': '2023-11-03' })
    }
    expect((await lite(LIST, '')).status).toBe(200)
    expect((await lite('restype=container&comp=list', '?comp=list')).status).toBe(200)
    expect((await lite('restype=container&comp=acl', '?comp=list')).status).toBe(403)
    expect((await lite(LIST, '', Buffer.from('another').toString('base64'))).status).toBe(403)
  })

  const replay = (path: string, query: string, headers: Record<string, string>) =>
    running.raw('GET', path, { query, headers, isSigned: false })
  async function capture(): Promise<Record<string, string>> {
    const date = new Date().toUTCString()
    const text = `GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:2023-11-03\n/${ACCOUNT}/${ACCOUNT}/bronze\nrecursive:true\nresource:filesystem`
    const signed = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest('base64')
    return {
      authorization: `SharedKey ${ACCOUNT}:${signed}`,
      'x-ms-date': date,
      'x-ms-version': '2023-11-03',
    }
  }

  it('signs odd headers as the SDKs do: metadata with underscores, digits and blanks', async () => {
    const file = running.client().getFileSystemClient('bronze').getFileClient('odd ü%+&=#? name.json')
    await file.upload(Buffer.from('x'))
    const cases: Record<string, string>[] = [
      { foo_1: 'a', foo1: 'b', foo: 'c', foo_: 'd', fooa: 'e' },
      { a: 'two  blanks and\ta tab', b: ' around ' },
      { A: 'upper case', b_c: 'x:y,z' },
    ]
    for (const metadata of cases)
      expect((await file.setMetadata(metadata)).etag, JSON.stringify(metadata)).toBeTruthy()
  })
})
