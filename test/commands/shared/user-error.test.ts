import { describe, expect, it } from 'vitest'
import { describeError, UserError } from '../../../src/commands/shared/user-error.ts'

describe('an error in words for a person', () => {
  it.each([
    'EMFILE: too many open files, open /lake/a',
    'TransactionContext Error: Failed to commit: Cannot open file "/tmp/audit.db.wal": Too many open files',
    'A system error occurred: uv_interface_addresses returned Unknown system error 24 (Unknown system error 24)',
    'ENFILE: file table overflow, open /lake/a',
  ])('that comes of too few files says which limit to raise: %s', (message) => {
    const error = Object.assign(new Error(message), { path: '/lake/a' })
    expect(describeError(error)).toBe(
      `${message}\nThis process may have too few files open at once. Raise that limit (ulimit -n 4096), then start again.`,
    )
  })

  it('has what to do behind it, where that is known', () => {
    expect(describeError(new UserError('No room.', 'Make some.'))).toBe('No room.\nMake some.')
    expect(describeError(Object.assign(new Error('EACCES: /lake'), { path: '/lake' }))).toMatch(
      /^EACCES: \/lake\n.*--data-dir\.$/,
    )
    const temporary = { path: '/proc/a-XXXXXX', syscall: 'mkdtemp' }
    expect(describeError(Object.assign(new Error('ENOENT: mkdtemp'), temporary))).toMatch(
      /^ENOENT: mkdtemp\nSet TMPDIR /,
    )
    expect(describeError(new Error('system error 240'))).toBe('system error 240')
    expect(describeError('text')).toBe('text')
  })
})
