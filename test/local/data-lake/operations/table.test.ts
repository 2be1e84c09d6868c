/** The table of operations: what it finds, and what it refuses. */
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../../../src/local/data-lake/operations/operation.ts'
import { OPERATIONS, operationOf, refuseUnserved } from '../../../../src/local/data-lake/operations/table.ts'

const operations = OPERATIONS as readonly Operation[]

const asked = (method: string, level: Operation['level'], query: string, headers = {}) => ({
  method,
  level,
  query: new URLSearchParams(query),
  headers: headers as Record<string, string>,
})

describe('the table of operations', () => {
  it('names every operation once', () => {
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length)
    expect(new Set(operations.map(({ name, methods }) => name + methods)).size).toBe(operations.length)
  })

  it.each([
    ['GET', 'path', '', {}, 'getBlob'],
    ['GET', 'path', 'comp=BlockList', {}, 'getBlockList'],
    ['PUT', 'path', '', { 'x-ms-blob-type': 'BlockBlob' }, 'putBlob'],
    ['PUT', 'path', '', { 'x-ms-blob-type': 'BlockBlob', 'x-ms-copy-source': 'http://a' }, 'putBlobFromUrl'],
    ['PUT', 'path', '', { 'x-ms-copy-source': 'http://a' }, 'copyBlob'],
    ['PUT', 'path', 'mode=legacy', { 'x-ms-rename-source': '/a/b' }, 'renamePath'],
    ['DELETE', 'path', 'recursive=false', {}, 'deletePath'],
    ['DELETE', 'path', '', {}, 'deleteBlob'],
    ['HEAD', 'container', 'action=getAccessControl', {}, 'getAccessControl'],
    ['GET', 'container', 'restype=container&comp=nonsense', {}, undefined],
  ] as const)('finds %s of a %s ?%s', (method, level, query, headers, id) => {
    expect(operationOf(asked(method, level, query, headers))?.id).toBe(id)
  })

  it.each(operations.filter(({ refusal }) => refusal === undefined).map((one) => [one.name, one] as const))(
    'of %s nothing unknown passes',
    (_, operation) => {
      const refuse = (query: string, headers: Record<string, string>) => () =>
        refuseUnserved(operation, { method: '', query: new URLSearchParams(query), headers })
      const words = new URLSearchParams(operation.words ?? {}).toString()
      expect(refuse(words, { 'x-ms-date': 'now', 'x-ms-empty': '', accept: 'x' })).not.toThrow()
      expect(refuse(words, { 'x-ms-unheard-of': '1' })).toThrow(/does not support the header x-ms-unheard-of/)
      expect(refuse('verbose=1', {})).toThrow(/does not support the parameter verbose/)
      // A signature's parameters mean something beside a signature only.
      expect(refuse('sig=a&sp=r', {})).not.toThrow()
      expect(refuse('sp=r', {})).toThrow(/does not support the parameter sp/)
    },
  )

  it('tells why, and never a value that may be a key', () => {
    const [putBlob] = operations.filter(({ id }) => id === 'putBlob')
    const refuse = (headers: Record<string, string>) => () =>
      refuseUnserved(putBlob as Operation, { method: '', query: new URLSearchParams(), headers })
    expect(refuse({ 'x-ms-access-tier': 'Smart' })).toThrow('x-ms-access-tier: Smart with Put Blob')
    expect(refuse({ 'x-ms-encryption-scope': 'secret' })).toThrow(
      /^(?!.*secret).*its one scope of encryption/,
    )
    const [setTier] = operations.filter(({ id }) => id === 'setTier')
    const headers = { 'x-ms-encryption-key': 'secret' }
    expect(() =>
      refuseUnserved(setTier as Operation, { method: '', query: new URLSearchParams('comp=tier'), headers }),
    ).toThrow(/^(?!.*secret).*takes no key/)
  })
})
