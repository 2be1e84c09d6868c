/** Bounds of names and of what stands beside a path, each at its last value that is taken and its first that is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LakeServer, type RawAnswer, startLake } from '../support/lake-server.ts'

let running: LakeServer
beforeAll(async () => {
  running = await startLake()
})
afterAll(() => running.close())

const code = ({ status, headers }: RawAnswer) =>
  headers['x-ms-error-code'] === undefined ? String(status) : `${status} ${headers['x-ms-error-code']}`
const create = async (path: string, headers: Record<string, string> = {}) =>
  code(await running.raw('PUT', `/bronze/${path}`, { query: 'resource=file', headers }))

/** Of folders that a file system carries too. @param length of the whole path */
const long = (length: number) => `${'p'.repeat(200)}/`.repeat(5).padEnd(length, 'x')

describe('a path', () => {
  it('has at most 60 segments', async () => {
    expect(await create(`${'d/'.repeat(59)}f`)).toBe('201')
    expect(await create(`${'d/'.repeat(60)}f`)).toBe('400 PathIsTooDeep')
  })

  it('has at most 1,024 characters', async () => {
    expect(await create(long(1024))).toBe('201')
    expect(await create(long(1025))).toBe('400 OutOfRangeInput')
  })

  it('has segments of at most 255 bytes, as the disk below has it', async () => {
    expect(await create('s'.repeat(255))).toBe('201')
    expect(await create('s'.repeat(256))).toBe('400 OutOfRangeInput')
  })
})

it.each([
  ['ab', '400 OutOfRangeInput'],
  ['abc', '201'],
  ['a'.repeat(63), '201'],
  ['a'.repeat(64), '400 OutOfRangeInput'],
  ['a--b', '400 InvalidResourceName'],
  ['-ab', '400 InvalidResourceName'],
  ['Abc', '400 InvalidResourceName'],
])('a container called %s is answered %s', async (name, told) => {
  const { status, headers } = await running.raw('PUT', `/${name}`, { query: 'restype=container' })
  expect([status, headers['x-ms-error-code']].join(' ').trim()).toBe(told)
})

it('metadata has at most 8 KiB, names and values together', async () => {
  const of = (bytes: number) => ({ 'x-ms-meta-a': 'x'.repeat(bytes - 1) })
  expect(await create('metadata', of(8 * 1024))).toBe('201')
  expect(await create('metadata', of(8 * 1024 + 1))).toBe('400 MetadataTooLarge')
})

it('an encryption context has at most 1,024 characters, and is told where the path is looked at or listed', async () => {
  const of = (length: number) => ({ 'x-ms-encryption-context': 'c'.repeat(length) })
  expect(await create('context', of(1025))).toBe('400 InvalidHeaderValue')
  expect(await create('context', of(1024))).toBe('201')
  const { headers } = await running.raw('HEAD', '/bronze/context')
  expect(headers).toMatchObject(of(1024))
  const listed = await running.raw('GET', '/bronze', { query: 'resource=filesystem&recursive=false' })
  const { paths } = JSON.parse(listed.text) as { paths: { name: string; EncryptionContext?: string }[] }
  expect(paths.find(({ name }) => name === 'context')?.EncryptionContext).toBe('c'.repeat(1024))
})

describe('a list of containers', () => {
  const list = async (query = '') => running.raw('GET', '', { query: `comp=list${query}` })

  it('has the flags of each, and its metadata for who asks', async () => {
    await running.raw('PUT', '/flagged', { query: 'restype=container', headers: { 'x-ms-meta-a': 'b' } })
    const [, entry] = /<Container><Name>flagged<\/Name>(.*?)<\/Container>/.exec((await list()).text) ?? []
    for (const flag of [
      ...['<LeaseStatus>unlocked</LeaseStatus>', '<LeaseState>available</LeaseState>'],
      ...['<HasImmutabilityPolicy>false</HasImmutabilityPolicy>', '<HasLegalHold>false</HasLegalHold>'],
      '<ImmutableStorageWithVersioningEnabled>false</ImmutableStorageWithVersioningEnabled>',
      '<DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope>',
      '<DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride>',
    ])
      expect(entry).toContain(flag)
    expect(entry).not.toContain('<Metadata>')
    expect((await list('&include=metadata&prefix=flagged')).text).toContain('<Metadata><a>b</a></Metadata>')
  })

  it('knows the words of include that the service has, and refuses others', async () => {
    for (const words of ['metadata', 'system', 'deleted', 'Metadata,System'])
      expect(code(await list(`&include=${words}`))).toBe('200')
    expect(code(await list('&include=metadata,tags'))).toBe('400 InvalidQueryParameterValue')
  })
})
