/** Values whose bytes are known: by the examples of X.690, and as OpenSSL writes them. */
import { expect, it } from 'vitest'
import { bits, der, integer, objectId, octets, time } from '../../../src/local/runtime/der.ts'

const hex = (bytes: Buffer) => bytes.toString('hex')

it.each([
  ['a positive number', integer(Buffer.from([0x7f])), '02017f'],
  ['a number whose highest bit is set', integer(Buffer.from([0x80])), '02020080'],
  ['an object id of long arcs', objectId('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
  ['an object id of short ones', objectId('2.5.29.19'), '0603551d13'],
  ['bits of which seven do not count', bits(Buffer.from([0x80]), 7), '03020780'],
  [
    'a time of this half of the century',
    time(Date.UTC(2049, 11, 31, 23, 59, 59, 900)),
    hex(der(0x17, Buffer.from('491231235959Z'))),
  ],
  ['a time behind it', time(Date.UTC(2050, 0, 1)), hex(der(0x18, Buffer.from('20500101000000Z')))],
])('%s', (_, bytes, expected) => {
  expect(hex(bytes)).toBe(expected)
})

it.each([
  [127, '047f'],
  [128, '048180'],
  [256, '04820100'],
  [65_536, '0483010000'],
])('a length of %i', (length, beginning) => {
  const bytes = octets(Buffer.alloc(length))
  expect(hex(bytes)).toMatch(new RegExp(`^${beginning}`))
  expect(bytes).toHaveLength(beginning.length / 2 + length)
})
