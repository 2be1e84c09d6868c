#!/usr/bin/env bash
# Expected: an error of Resource Manager reads alike wherever it comes from: its message is the service's sentence, as that of a get is, which says
#           who lacks which right on what.
# Seen:     a list that is refused says "Pagination failed with unexpected statusCode 403". The service's sentence is nowhere in the error, nor in the
#           response that it keeps; the code and the status are right. The same answer to a get has the sentence as its message. So it is
#           in packages of the newer generation (arm-eventhub 6, arm-databricks 4), not in arm-streamanalytics 4.1.0, whose lists say the sentence.
# Matters:  a program that logs error.message tells of a missing role as of a fault of its pages.
# Versions: @azure/arm-eventhub 6.0.0, @azure/arm-databricks 4.0.0, @azure/arm-streamanalytics 4.1.0, Node 24; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/arm-eventhub@6.0.0 @azure/arm-databricks@4.0.0 @azure/arm-streamanalytics@4.1.0
cat >run.mjs <<'JS'
import { createServer } from 'node:http'
import { inspect } from 'node:util'
import { AzureDatabricksManagementClient } from '@azure/arm-databricks'
import { EventHubManagementClient } from '@azure/arm-eventhub'
import { StreamAnalyticsManagementClient } from '@azure/arm-streamanalytics'

const sentence = "The client 'me' does not have authorization to perform the action over the scope."
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(403, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { code: 'AuthorizationFailed', message: sentence } }))
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const options = { endpoint: `http://127.0.0.1:${server.address().port}`, allowInsecureConnection: true }
const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) }
const make = (Client) => {
  const client = new Client(credential, '00000000-0000-0000-0000-000000000000', options)
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' }) // No tokens over plain HTTP, which loopback is.
  return client
}
const hubs = make(EventHubManagementClient)
const workspaces = make(AzureDatabricksManagementClient)
const jobs = make(StreamAnalyticsManagementClient)

const seen = []
const ask = async (name, question) => {
  const error = await question().then(() => new Error('answered'), (reason) => reason)
  const told = inspect(error, { depth: 9, showHidden: true }).includes(sentence)
  seen.push(`${name}: ${told ? 'the sentence' : error.message} (${error.code} ${error.statusCode})`)
  console.log(seen.at(-1))
}
await ask('eventhub get', () => hubs.namespaces.get('group', 'namespace'))
await ask('eventhub list', () => hubs.namespaces.list().next())
await ask('databricks get', () => workspaces.workspaces.get('group', 'workspace'))
await ask('databricks list', () => workspaces.workspaces.listBySubscription().next())
await ask('stream analytics list', () => jobs.streamingJobs.list().next())
server.close()
const right = '(AuthorizationFailed 403)'
const expected = [
  `eventhub get: the sentence ${right}`,
  `eventhub list: Pagination failed with unexpected statusCode 403 ${right}`,
  `databricks get: the sentence ${right}`,
  `databricks list: Pagination failed with unexpected statusCode 403 ${right}`,
  `stream analytics list: the sentence ${right}`,
]
if (seen.join() !== expected.join()) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 node run.mjs
