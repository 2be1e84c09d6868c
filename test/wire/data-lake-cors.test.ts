/** CORS rules of the account: which pages of other sites a browser lets to the lake, and what those may read of its answers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LakeServer, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
  await running.raw('PUT', '/bronze/a', {
    headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-meta-from': 'test' },
    body: 'content',
  })
})
afterAll(() => running.close())

const SITE = 'https://shop.example.com'

interface Rule {
  origins: string
  methods?: string
  headers?: string
  exposed?: string
  age?: string
}

const setRules = (...rules: Rule[]) =>
  running.raw('PUT', '', {
    query: 'restype=service&comp=properties',
    body: `<StorageServiceProperties><Cors>${rules
      .map(
        ({
          origins,
          methods = 'GET,PUT',
          headers = 'x-ms-*,content-type',
          exposed = 'x-ms-meta-*',
          age = '60',
        }) =>
          `<CorsRule><AllowedOrigins>${origins}</AllowedOrigins><AllowedMethods>${methods}</AllowedMethods>` +
          `<AllowedHeaders>${headers}</AllowedHeaders><ExposedHeaders>${exposed}</ExposedHeaders>` +
          `<MaxAgeInSeconds>${age}</MaxAgeInSeconds></CorsRule>`,
      )
      .join('')}</Cors></StorageServiceProperties>`,
  })

const preflight = (origin = SITE, method = 'PUT', headers = 'x-ms-blob-type,content-type') =>
  running.raw('OPTIONS', '/bronze/new', {
    isSigned: false,
    headers: {
      origin,
      'access-control-request-method': method,
      ...(headers && { 'access-control-request-headers': headers }),
    },
  })
const get = (origin: string) => running.raw('GET', '/bronze/a', { headers: { origin } })
const code = ({ status, headers }: { status: number; headers: Record<string, unknown> }) =>
  `${status} ${headers['x-ms-error-code'] ?? ''}`.trim()
const NO_RULE = '403 CorsPreflightFailure'

beforeEach(async () => {
  expect((await setRules()).status).toBe(202)
})

describe('without a rule', () => {
  it('a browser that asks first is told so, and a page of another site is refused', async () => {
    const asked = await preflight()
    expect(code(asked)).toBe(NO_RULE)
    expect(asked.text).toContain('CORS not enabled or no matching rule found for this request.')
    expect(code(await preflight('http://localhost:3000'))).toBe(NO_RULE)
    expect(code(await get(SITE))).toBe('403 ForeignOrigin')
    const own = await get('http://localhost:3000')
    expect(own.status).toBe(200)
    expect(own.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('with a rule for an origin', () => {
  beforeEach(async () => {
    expect((await setRules({ origins: `https://other.example.com, ${SITE}` })).status).toBe(202)
  })

  it('a browser that asks first hears what it may send', async () => {
    const { status, headers, text } = await preflight()
    expect([status, text]).toEqual([200, ''])
    expect(headers).toMatchObject({
      'access-control-allow-origin': SITE,
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-ms-blob-type,content-type',
      'access-control-max-age': '60',
      'access-control-allow-credentials': 'true',
    })
    expect((await preflight(SITE, 'GET', '')).status).toBe(200)
  })

  it.each([
    ['another origin', 'https://shop.example.org', 'PUT', 'x-ms-blob-type'],
    ['another method', SITE, 'DELETE', 'x-ms-blob-type'],
    ['another header', SITE, 'PUT', 'x-ms-blob-type,authorization'],
    ['an origin that only begins so', `${SITE}.evil.org`, 'PUT', ''],
  ] as const)('%s does not fit', async (_, ...asked) => {
    expect(code(await preflight(...asked))).toBe(NO_RULE)
  })

  it('its pages may read answers and the headers that the rule names, refusals too', async () => {
    const { status, headers } = await get(SITE)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'access-control-allow-origin': SITE,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-ms-meta-from',
      vary: 'Origin',
    })
    const refused = await running.raw('GET', '/bronze/none', { headers: { origin: SITE } })
    expect(code(refused)).toBe('404 BlobNotFound')
    expect(refused.headers['access-control-allow-origin']).toBe(SITE)
    expect(code(await get('https://shop.example.org'))).toBe('403 ForeignOrigin')
    const deleted = await running.raw('DELETE', '/bronze/a', { headers: { origin: SITE } })
    expect(code(deleted)).toBe('403 ForeignOrigin')
  })

  it('a proof is asked for as ever', async () => {
    const unsigned = await running.raw('GET', '/bronze/a', { headers: { origin: SITE }, isSigned: false })
    expect(unsigned.status).toBe(401)
  })
})

it('the first rule that fits is the one; * is any origin, and *. any name below a domain', async () => {
  await setRules(
    { origins: 'https://*.example.com', exposed: 'etag,x-ms-never' },
    { origins: '*', headers: '*', exposed: '*' },
  )
  const below = await get(SITE)
  expect(below.headers['access-control-expose-headers']).toBe('etag,x-ms-never')
  const any = await get('https://elsewhere.org')
  expect(any.headers['access-control-allow-origin']).toBe('*')
  expect(any.headers['access-control-allow-credentials']).toBeUndefined()
  expect(any.headers.vary).toBeUndefined()
  expect(any.headers['access-control-expose-headers']).toContain('x-ms-request-id')
  expect((await preflight('https://elsewhere.org', 'GET', 'whatever')).status).toBe(200)
})

it.each([
  ['without a method', { origins: '*', methods: '' }, 'InvalidXmlDocument'],
  ['of an unknown method', { origins: '*', methods: 'GET,FETCH' }, 'InvalidXmlNodeValue'],
  ['whose age is no number', { origins: '*', age: 'long' }, 'InvalidXmlDocument'],
  ['of nobody', { origins: '' }, 'InvalidXmlDocument'],
] as const)('a rule %s is refused', async (_, rule, expected) => {
  expect(code(await setRules(rule))).toBe(`400 ${expected}`)
})
