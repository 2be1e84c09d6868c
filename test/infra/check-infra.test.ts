import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/cli.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Runs the check with the given program as the only one on the path. */
function check(name?: 'bicep' | 'az', script = '') {
  const folder = temporaryFolder()
  try {
    if (name) writeFileSync(join(folder.path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const ended = spawnSync(process.execPath, [join(root, 'scripts/check-infra.ts')], {
      encoding: 'utf8',
      env: { PATH: folder.path },
    })
    return { code: ended.status, text: `${ended.stdout}${ended.stderr}` }
  } finally {
    folder.remove()
  }
}

/** Takes infra/, refuses the template that must fail. */
const GOOD = 'case "$*" in *check-infra-*) echo "Error no-unused-params" >&2; exit 1 ;; esac; exit 0'

describe.skipIf(process.platform === 'win32')('npm run check:infra', () => {
  it('says in one line that there is no compiler, and that is no failure', () => {
    const { code, text } = check()
    expect(code).toBe(0)
    expect(text).toMatch(/^check:infra: no Bicep compiler .*\n$/)
  })

  it.each(['bicep', 'az'] as const)('asks %s where it is', (name) =>
    expect(check(name, GOOD)).toEqual({
      code: 0,
      text: `check:infra: ${name === 'az' ? 'az bicep' : 'bicep'} finds nothing in infra/.\n`,
    }),
  )

  it.each([
    [
      'a warning alone',
      `${GOOD.replace('exit 0', '')} case "$1" in lint) echo "Warning BCP318: x" >&2 ;; esac`,
      /lint: Warning BCP318/,
    ],
    ['an error', `${GOOD.replace('exit 0', '')} case "$1" in build) exit 1 ;; esac`, /build: ended with 1/],
    ['a configuration without effect', 'exit 0', /infra\/bicepconfig\.json has no effect/],
  ])('fails for %s', (_, script, message) => {
    const { code, text } = check('bicep', script)
    expect(code).toBe(1)
    expect(text).toMatch(message)
  })
})
