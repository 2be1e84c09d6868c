import { describe, expect, it } from 'vitest'
import { numberIn } from '../../../../src/local/data-lake/store/block-ids.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const UUID = '6d5b1f3e-5d0f-4b0a-9a3e-1c2f3a4b5c99'

/** .NET: eight bytes of the offset, little-endian, and zeros. */
function dotnetId(offset: number): string {
  const bytes = Buffer.alloc(48)
  bytes.writeBigInt64LE(BigInt(offset))
  return bytes.toString('base64')
}

/** Go: the bytes of a UUID, the index in four, big-endian, and zeros. */
function goId(index: number): string {
  const bytes = Buffer.alloc(64)
  bytes.write(UUID.replaceAll('-', ''), 'hex')
  bytes.writeUInt32BE(index, 16)
  return bytes.toString('base64')
}

/** Python: 32 digits of the offset in base64, escaped for an address, and in base64 again. */
const pythonId = (offset: number) => base64(encodeURIComponent(base64(String(offset).padStart(32, '0'))))

describe('the number in the id of a block', () => {
  it.each([
    ['JavaScript', (index: number) => base64(`${UUID}${String(index).padStart(12, '0')}`), 17],
    ['Python', pythonId, 4_194_304],
    ['.NET', dotnetId, 16_777_216],
    ['Go', goId, 300],
    ['C++', (index: number) => base64(String(index).padStart(64, '0')), 5],
    ['Rust', (index: number) => base64(String(index).padStart(20, ' ')), 5],
  ])('is found in those of %s', (_, idOf, number) => {
    expect(numberIn(idOf(0))).toBe(0)
    expect(numberIn(idOf(number))).toBe(number)
  })

  it.each([
    ['letters', base64('abcdef')],
    ['short bytes', Buffer.from([0, 1, 2]).toString('base64')],
    ['bytes that mean nothing', Buffer.alloc(48, 1).fill(0, 20, 21).toString('base64')],
    ['a number beyond all', Buffer.concat([Buffer.alloc(8, 0xff), Buffer.alloc(40)]).toString('base64')],
    ['nothing', ''],
  ])('is not found in %s', (_, id) => {
    expect(numberIn(id)).toBeUndefined()
  })
})
