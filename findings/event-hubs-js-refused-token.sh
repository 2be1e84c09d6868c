#!/usr/bin/env bash
# Expected: a key that is wrong ends a send with the service's words: MessagingError, code UnauthorizedError. A retry policy of at most
#           one retry is two attempts.
# Seen:     an AggregateError whose message is empty, whose errors are AggregateErrors with empty messages; the service's words stand in
#           the leaves. UnauthorizedError counts as retryable, and two loops of retries stand one in the other: maxRetries 1 asks four
#           times, the default 3 sixteen times, 30 s apart, so the answer comes after minutes.
# Matters:  whoever prints error.message of a wrong connection string prints nothing, and believes for minutes that the service hangs.
# Versions: @azure/event-hubs 6.0.4 with @azure/core-amqp 4.5.1 (retryableErrors), against rhea 3.0.4 answering put-token with status 401;
#           Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 @azure/core-amqp@4.5.1 rhea@3.0.4
cat >run.mjs <<'JS'
import rhea from 'rhea'
import { EventHubProducerClient } from '@azure/event-hubs'

let asked = 0
const hub = rhea.create_container({ id: 'hub' })
const replies = new Map()
hub.sasl_server_mechanisms.enable_anonymous()
hub.on('sender_open', ({ sender }) => {
  sender.set_source({ address: sender.source.address })
  replies.set(sender.name, sender)
})
hub.on('receiver_open', ({ receiver }) => receiver.set_target({ address: receiver.target.address }))
hub.on('message', ({ message }) => {
  asked++
  replies.get(message.reply_to).send({
    correlation_id: message.message_id,
    application_properties: {
      'status-code': 401,
      'status-description': 'InvalidSignature: The token has an invalid signature.',
      'error-condition': 'com.microsoft:auth-failed',
    },
  })
})
for (const event of ['error', 'disconnected', 'connection_error', 'protocol_error']) hub.on(event, () => {})
const server = hub.listen({ host: '127.0.0.1', port: 0 })
await new Promise((resolve) => server.once('listening', resolve))
const client = new EventHubProducerClient(
  `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=d3Jvbmc=;UseDevelopmentEmulator=true`,
  'hub',
  { retryOptions: { maxRetries: 1, retryDelayInMs: 10 } },
)
const error = await client.sendBatch([{ body: 1 }]).catch((reason) => reason)
const leaves = (one) => (one.errors ? one.errors.flatMap(leaves) : [one])
console.log(`${error.name}, message ${JSON.stringify(error.message)}, asked ${asked} times`)
console.log('within:', [...new Set(leaves(error).map(({ name, code, message }) => `${name} ${code}: ${message}`))].join(' | '))
const isSame = error.name === 'AggregateError' && error.message === '' && asked === 4
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
