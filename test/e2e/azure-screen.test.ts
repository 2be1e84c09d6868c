/**
 * The built program with `--target azure` in a real terminal, against services on loopback that its settings name: signed in
 * with the Azure CLI, asked about costs, quit with stages running.
 */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { settingsFor } from '../support/azure-settings.ts'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const folder = temporaryFolder()
let azure: LocalAzure
let env: Record<string, string>
let terminal: Terminal | undefined

beforeAll(async () => {
  azure = await startLocalAzure(localOptions(dataFolder()))
  env = settingsFor(azure, join(folder.path, 'bin'))
})
afterEach(async () => {
  await terminal?.close()
  terminal = undefined
})
afterAll(async () => {
  await azure?.close()
  folder.remove()
  removeDataFolders()
})

let count = 0
function open(...args: string[]): Terminal {
  const dataDir = join(folder.path, `data-${count++}`)
  terminal = openTerminal({
    command: process.execPath,
    args: [BIN, '--target', 'azure', '--data-dir', dataDir, '--stations', '50', '--interval', '1s', ...args],
    env,
  })
  return terminal
}

/** Stages show as they answer; keys act once all have. */
const isConnected = ([header = '', ...rest]: readonly string[]) =>
  !header.includes('connecting') && /○ agg/.test(rest.join('\n'))

describe('the control room on Azure', () => {
  it('asks about costs, runs, and at q stops all: the terminal says that nothing is left', async () => {
    const screen = open()
    await screen.waitFor(isConnected, 30_000)
    expect(screen.screen()[0]).toMatch(/rtstream +azure/)
    screen.press('2')
    await screen.waitFor(/start on Azure\?/)
    screen.press('y')
    await screen.waitFor(/● (?:stream analytics|asa)/, 30_000)
    screen.press('3')
    await screen.waitFor(/● silver/, 30_000)
    screen.press('q')
    await screen.waitFor(/stop all and quit/)
    screen.press('s')
    expect((await screen.exit).code).toBe(0)
    expect(screen.text()).toMatch(/Stopping all stages; on Azure this takes minutes/)
    expect(screen.text()).toMatch(/Nothing runs on Azure any more/)
  }, 90_000)

  it('left running goes on: the terminal says what, and the next start adopts it', async () => {
    const first = open('--accept-costs')
    await first.waitFor(isConnected, 30_000)
    first.press('2')
    await first.waitFor(/● (?:stream analytics|asa)/, 30_000)
    first.press('q')
    await first.waitFor(/leave them running/)
    first.press('l')
    expect((await first.exit).code).toBe(0)
    expect(first.text()).toMatch(/Left on Azure, ≈ \$0\.\d\d\/h: the Stream Analytics job \(Running\)/)
    expect(first.text()).toMatch(/Stop it: rtstream-tui stop --target azure/)
    await first.close()
    const second = open('--read-only')
    await second.waitFor(/● (?:stream analytics|asa)/, 30_000)
    expect(second.screen()[0]).toMatch(/read-only/)
    second.press('q', 'q')
    expect((await second.exit).code).toBe(0)
  }, 90_000)

  it('nobody signed in: every service that needs it says so, no stage is known, and q ends it', async () => {
    env = { ...env, AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' }
    const screen = open()
    await screen.waitFor(/az login/, 30_000)
    await screen.waitFor(
      (rows) =>
        /▲ az login {2}nobody is signed in.*\(job, databricks, synapse\)/.test(rows[1] ?? '') &&
        ['stream analytics', 'silver', 'gold', 'aggregate'].every((stage) => rows[3]?.includes(`? ${stage}`)),
      30_000,
    )
    screen.press('q', 'q')
    expect((await screen.exit).code).toBe(0)
  }, 60_000)
})
