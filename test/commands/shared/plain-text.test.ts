/** A terminal without UTF-8 shows what people read in ASCII; what programs read is left alone. */
import { afterEach, expect, it, vi } from 'vitest'
import { inAscii, isAsciiOnly, writeToPerson } from '../../../src/commands/shared/plain-text.ts'
import { traceText } from '../../../src/commands/trace.ts'
import { TRACE } from '../../support/recorded-session.ts'

afterEach(() => vi.unstubAllEnvs())

it.each([
  [{ LANG: 'C' }, false, true],
  [{ LANG: 'de_DE.UTF-8' }, false, false],
  [{ LANG: 'de_DE.UTF-8' }, true, true],
  [{ LC_ALL: 'POSIX', LANG: 'C.UTF-8' }, false, true],
  [{}, false, false],
])('%j, --ascii %s: ASCII alone is %s', (env, ascii, only) =>
  expect(isAsciiOnly({ ascii }, env, 'linux')).toBe(only),
)

it('a limit stays what it is', () => {
  expect(inAscii('✓ rate 10/s (≥ 90 % of 10/s), p95 ≤ 15 s')).toBe(
    'v rate 10/s (>= 90 % of 10/s), p95 <= 15 s',
  )
})

it('a trace is written in ASCII where the locale has no UTF-8, and its JSON as it is', () => {
  vi.stubEnv('LC_ALL', 'C')
  vi.stubEnv('WT_SESSION', '')
  vi.stubEnv('TERM_PROGRAM', '')
  vi.stubEnv('ConEmuANSI', '')
  let written = ''
  const write = (text: string) => {
    written += text
  }
  writeToPerson(write, { ascii: false }, {})(traceText(TRACE, TRACE.lookedAt))
  expect(written).toMatch(/^v made/m)
  expect(written).toMatch(/^[ -~\n]*$/)
  written = ''
  writeToPerson(write, { ascii: false }, { json: true })('{"city":"Zürich"}\n')
  expect(written).toContain('Zürich')
})
