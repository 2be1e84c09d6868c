/**
 * The built program with `--target azure` in a real terminal, against services on loopback that its settings name: signed in
 * with the Azure CLI, asked about costs, quit with stages running.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { localAzureConfig } from '../../src/commands/shared/local-config.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'

const folder = temporaryFolder()
let azure: LocalAzure
let env: Record<string, string>
let terminal: Terminal | undefined

beforeAll(async () => {
  azure = await startLocalAzure(localOptions(dataFolder()))
  env = { ...settingsFor(azure), PATH: `${azureCli(azure)}${delimiter}${process.env.PATH}` }
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

/** Stands in for `az account get-access-token`. */
function azureCli({ endpoints }: LocalAzure): string {
  const bin = join(folder.path, 'bin')
  mkdirSync(bin)
  const expires = Math.floor(Date.now() / 1000) + 3600
  const answer = JSON.stringify({
    accessToken: endpoints.token,
    expires_on: expires,
    expiresOn: new Date(expires * 1000).toISOString(),
    tokenType: 'Bearer',
  })
  writeFileSync(join(bin, 'az'), `#!/bin/sh\necho '${answer}'\n`)
  chmodSync(join(bin, 'az'), 0o755)
  return bin
}

function settingsFor({ endpoints }: LocalAzure): Record<string, string> {
  const config = localAzureConfig(endpoints)
  const { management } = endpoints
  return {
    AZURE_TOKEN_CREDENTIALS: 'AzureCliCredential',
    // The certificate of the services on loopback.
    NODE_EXTRA_CA_CERTS: endpoints.certificateFile,
    NO_PROXY: 'localhost,127.0.0.1',
    RTSTREAM_SUBSCRIPTION_ID: String(config.subscriptionId),
    RTSTREAM_RESOURCE_GROUP: String(config.resourceGroup),
    RTSTREAM_EVENT_HUBS_CONNECTION_STRING: endpoints.eventHubsConnectionString,
    RTSTREAM_STORAGE_ACCOUNT: String(config.storageAccount),
    RTSTREAM_LAKE_ENDPOINT: endpoints.lakeTls,
    RTSTREAM_LOCATION: 'westeurope',
    RTSTREAM_STREAM_ANALYTICS_JOB: String(config.streamAnalyticsJob),
    RTSTREAM_DATABRICKS_WORKSPACE_URL: `${management}/databricks`,
    RTSTREAM_SYNAPSE_ENDPOINT: `${management}/synapse`,
    RTSTREAM_METRICS_ENDPOINT: management,
    RTSTREAM_MANAGEMENT_ENDPOINT: management,
  }
}

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
