/** Bodies that are no XML document, or one that was cut: nothing is taken from them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type LakeServer, type RawAnswer, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? status : `${status} ${headers['x-ms-error-code']}`
const put = (path: string, query: string, body: string) => running.raw('PUT', path, { query, body })
const REFUSED = '400 InvalidXmlDocument'

describe('a list of blocks', () => {
  const commit = (body: string) => put('/bronze/a', 'comp=blocklist', body)
  beforeEach(async () => {
    await put('/bronze/a', 'comp=block&blockid=AAAA', '1')
    await put('/bronze/a', 'comp=block&blockid=BBBB', '2')
    await commit('<BlockList><Latest>AAAA</Latest><Latest>BBBB</Latest></BlockList>')
  })

  it.each([
    '<BlockList><Latest>AAAA</Latest><Latest>BB',
    '<BlockList><Latest>AAAA</Latest>',
    '<BlockList><Latest>AAAA</Committed></BlockList>',
    '<BlockList/><BlockList/>',
    '<Other><BlockList/></Other>',
    'AAAA',
    '',
  ])('%s is refused, and the blob stays', async (body) => {
    expect(code(await commit(body))).toBe(REFUSED)
    expect((await running.raw('GET', '/bronze/a')).text).toBe('12')
  })

  it.each([
    ['<?xml version="1.0" encoding="utf-8"?>\n<BlockList>\n  <Latest>BBBB</Latest>\n</BlockList>\n', '2'],
    ['\uFEFF<BlockList><!-- one --><Committed>AAAA</Committed></BlockList>', '1'],
    ['<BlockList />', ''],
  ])('%j is taken', async (body, content) => {
    expect(code(await commit(body))).toBe(201)
    expect((await running.raw('GET', '/bronze/a')).text).toBe(content)
  })
})

it('access policies that are no document are refused, and those that stand stay', async () => {
  const set = (body: string) => put('/bronze', 'restype=container&comp=acl', body)
  const policy = '<SignedIdentifier><Id>one</Id></SignedIdentifier>'
  expect(code(await set(`<SignedIdentifiers>${policy}</SignedIdentifiers>`))).toBe(200)
  for (const body of ['<bad', `<SignedIdentifiers>${policy}`, policy, 'text'])
    expect(code(await set(body)), body).toBe(REFUSED)
  expect((await running.raw('GET', '/bronze', { query: 'restype=container&comp=acl' })).text).toContain(
    policy,
  )
  expect(code(await set(''))).toBe(200)
})

it('service properties that were cut are refused', async () => {
  const set = (body: string) => put('', 'restype=service&comp=properties', body)
  const whole = '<StorageServiceProperties><Cors /></StorageServiceProperties>'
  expect(code(await set(whole))).toBe(202)
  for (const body of [whole.slice(0, -5), '<Cors />', '']) expect(code(await set(body)), body).toBe(REFUSED)
})
