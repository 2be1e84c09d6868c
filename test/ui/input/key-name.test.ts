import type { Key } from 'ink'
import { describe, expect, it } from 'vitest'
import { isPasted, keyNames } from '../../../src/ui/input/key-name.ts'

const key = (flags: Partial<Key> = {}) => flags as Key

describe('names of keys', () => {
  it('that arrive together are told one by one, control letters too', () => {
    expect(keyNames('?\x1a\x0cq', key())).toEqual(['?', 'ctrl+z', 'ctrl+l', 'q'])
    expect(keyNames('ab\r\t\x7f\x1b\x03', key())).toEqual([
      'a',
      'b',
      'return',
      'tab',
      'backspace',
      'escape',
      'ctrl+c',
    ])
    expect(keyNames('東\x00\x1f', key())).toEqual(['東'])
  })

  it('are no keys when there are more of them than fingers can type', () => {
    expect(isPasted('a1xqb')).toBe(false)
    expect(isPasted('x東ay1'.repeat(9))).toBe(true)
  })

  it('alone are those of the terminal', () => {
    expect(keyNames('z', key({ ctrl: true }))).toEqual(['ctrl+z'])
    expect(keyNames('x', key({ meta: true }))).toEqual(['alt+x'])
    expect(keyNames('', key({ tab: true, shift: true }))).toEqual(['shift+tab'])
    expect(keyNames('', key())).toEqual([])
  })
})
