#!/usr/bin/env bash
# Expected: a poller of a long-running operation that is once answered with an error can be asked again, as it was the question that
#           failed and not the operation. isDone() stays false until the service says how it ended.
# Seen:     one refused poll (403, as while a role is on its way) ends the poller: isDone() is true, every further poll() throws the same
#           error without sending a request, pollUntilDone() too. The operation runs on and succeeds. A new poller made with
#           resumeFrom: poller.toString() of before hears of it.
# Matters:  a job that started is reported as failed, and a loop around poll() does not help.
# Versions: @azure/arm-streamanalytics 4.1.0 with @azure/core-lro 2.7.2, Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/arm-streamanalytics@4.1.0 @azure/core-lro@2.7.2
cat >run.mjs <<'JS'
import { createServer } from 'node:http'
import { StreamAnalyticsManagementClient } from '@azure/arm-streamanalytics'

let polls = 0
const server = createServer((request, response) => {
  request.resume()
  const location = `${endpoint}/operation?api-version=2020-03-01`
  if (request.method === 'POST' || ++polls === 1) return response.writeHead(202, { location, 'retry-after': '0' }).end()
  if (polls > 2) return response.writeHead(200).end()
  const error = { code: 'AuthorizationFailed', message: 'The client does not have authorization.' }
  response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const endpoint = `http://127.0.0.1:${server.address().port}`
const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) }
const client = new StreamAnalyticsManagementClient(credential, 'subscription', { endpoint, allowInsecureConnection: true })
client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' }) // No tokens over plain HTTP, which loopback is.

const seen = []
const ask = async (name, poller, question = () => poller.poll()) => {
  const before = polls
  const outcome = await question().then(() => 'answered', (error) => error.code)
  seen.push(`${outcome}, ${polls - before} requests, isDone ${poller.isDone()}`)
  console.log(`${name}: ${seen.at(-1)}`)
}
const poller = await client.streamingJobs.beginStart('group', 'job')
const before = poller.toString()
await ask('poll', poller)
await ask('poll again', poller)
await ask('pollUntilDone', poller, () => poller.pollUntilDone())
const resumed = await client.streamingJobs.beginStart('group', 'job', { resumeFrom: before })
console.log(`resumed: isDone ${resumed.isDone()}`)
server.close()
const over = 'AuthorizationFailed, 0 requests, isDone true'
if (seen.join() !== ['AuthorizationFailed, 1 requests, isDone true', over, over].join() || !resumed.isDone()) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 node run.mjs
