import { describe, expect, it } from 'vitest'
import { terminalFacts } from '../../src/commands/terminal/terminal-facts.ts'
import { loadConfig } from '../../src/config/load.ts'
import { doctorChecks } from '../../src/doctor/checks.ts'

const { config } = loadConfig({ env: {}, cwd: '/nowhere', home: '/home/ada', platform: 'linux' })
const terminal = terminalFacts(process.stdout, {}, false)

describe('the checks of doctor', () => {
  it('stay on this machine for the local target', async () => {
    const checks = await doctorChecks({ config, terminal, nodeVersion: 'v24.0.0' })
    expect(checks.map(({ id }) => id)).toEqual(['node', 'terminal', 'data-dir', 'engine'])
  })

  it('know a stream that is no terminal', () => {
    expect(terminalFacts({ isTTY: undefined } as unknown as NodeJS.WriteStream, {}, false)).toMatchObject({
      isTty: false,
      columns: undefined,
    })
  })
})
