import { afterEach, expect, it, vi } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { sparkOrReason } from './spark.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

it.skipIf('missing' in ensurePython())(
  'a suite without Java is skipped with one line that says what to install, and fails in CI',
  () => {
    const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.stubEnv('JAVA_HOME', '/nowhere')
    vi.stubEnv('CI', '')
    expect(sparkOrReason('this suite')).toMatch(/^Java 17 is not installed/)
    expect(said.mock.calls).toEqual([
      [
        'SKIPPED: this suite. Java 17 is not installed (found none). Debian: apt-get install openjdk-17-jre-headless.',
      ],
    ])
    vi.stubEnv('CI', 'true')
    expect(() => sparkOrReason('this suite')).toThrow(
      /^Cannot be tested: this suite\. Java 17 is not installed/,
    )
  },
)
