/**
 * azeventhubs' own tests, unit and live, which lie in its Go module; only the sign-in is rewritten. Its client checks the certificate for host
 * and port where an address has a port, so the hub is on 5671, in a network of its own.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { moduleCopy, sessionSource, testFiles, testsIn } from './go.ts'
import { alone, assertLoopbacks } from './loopback.ts'
import { output, type Suite, type SuiteResult } from './suite.ts'

const MODULE = 'github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2'
const VERSION = '2.0.2'
/** They look for the address in the error, and so presume that nothing listens on port 5671 of 127.0.0.1. */
const WITHOUT_HUB = '^Test(Consumer|Producer)ClientUsingCustomEndpoint$'
/** It waits without end for an event, since nothing is refused to the one rule there is. */
const ENDLESS = '^TestClientsUnauthorizedCreds$/^SendOnly_with_Consumer$'

/** What the tests would sign in with: the session's token. */
const SESSION = `${sessionSource('credential')}
func New(any) (azcore.TokenCredential, error) { return session{}, nil }
`

export const GO_EVENT_HUBS_SUITES: readonly Suite[] = [{ name: 'azeventhubs (Go)', version: VERSION, run }]

async function run(folder: string): Promise<SuiteResult[]> {
  await assertLoopbacks()
  const cwd = await moduleCopy(folder, MODULE, VERSION)
  for (const file of testFiles(cwd, 'internal/test')) {
    const text = readFileSync(file, 'utf8')
    const changed = text.replace(
      'github.com/Azure/azure-sdk-for-go/sdk/internal/test/credential',
      `${MODULE}/internal/test/credential`,
    )
    if (changed !== text) writeFileSync(file, changed)
  }
  mkdirSync(join(cwd, 'internal/test/credential'))
  writeFileSync(join(cwd, 'internal/test/credential/session.go'), SESSION)
  // What is imported can only be fetched, and so is compiled, where there is a network.
  await output('go', ['test', '-run', '^$', './...'], { cwd })
  // The hub has one rule, with all rights.
  const rule = 'Endpoint=sb://localhost/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key}'
  const env = {
    SSL_CERT_FILE: '{certificateFile}',
    RTSTREAM_SUITE_TOKEN: '{token}',
    AZURE_SUBSCRIPTION_ID: '{subscription}',
    RESOURCE_GROUP: '{resourceGroup}',
    EVENTHUB_NAMESPACE: 'localhost',
    EVENTHUB_NAME: '{eventHub}',
    EVENTHUB_LINKSONLY_NAME: '{eventHub}',
    EVENTHUB_CONNECTION_STRING: rule,
    EVENTHUB_CONNECTION_STRING_LISTEN_ONLY: rule,
    EVENTHUB_CONNECTION_STRING_SEND_ONLY: rule,
    CHECKPOINTSTORE_STORAGE_ENDPOINT: '{lakeTls}',
  }
  const go = (timeout: string) => ['go', 'test', '-json', '-count=1', '-timeout', timeout]
  const tests = (args: string[]) =>
    output(...alone(process.execPath, args), { cwd, env: { RTSTREAM_SUITE_ENV: JSON.stringify(env) } })
  const beside = join(import.meta.dirname, 'beside-hub.ts')
  return [
    ...testsIn(await tests([beside, ...go('30m'), '-skip', `${WITHOUT_HUB}|${ENDLESS}`, './...'])),
    ...testsIn(await tests([beside, ...go('30s'), '-run', ENDLESS, '.'])),
    ...testsIn(await tests([beside, '--closed', ...go('5m'), '-run', WITHOUT_HUB, '.'])),
  ]
}
