#!/usr/bin/env bash
# Expected: against a peer that names no max-message-size (AMQP 1.0, 2.7.3: then there is no limit) a batch has a number for its limit, as its
#           type says, and tryAdd ends somewhere: the service takes 1 MB.
# Seen:     batch.maxSizeInBytes is undefined and tryAdd is true for ever; the caller's own maxSizeInBytes is taken whatever it is. The Python
#           client takes 1 MB in this case.
# Matters:  a loop "add until tryAdd is false, then send" against an emulator or broker never sends, and memory grows.
# Versions: @azure/event-hubs 6.0.4, against rhea 3.0.4 as the peer; Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 rhea@3.0.4
cat >hub.mjs <<'JS'
import rhea from 'rhea'
import { EventHubProducerClient } from '@azure/event-hubs'

/** A hub as small as can be: takes any token, and settles an event as it is told to. */
export async function hub(settle) {
  const container = rhea.create_container({ id: 'hub' })
  container.sasl_server_mechanisms.enable_anonymous()
  container.on('sender_open', ({ sender }) => sender.set_source({ address: sender.source.address }))
  container.on('receiver_open', ({ receiver }) => receiver.set_target({ address: receiver.target.address }))
  let taken = 0
  container.on('message', ({ message, receiver, delivery, connection }) => {
    if (receiver.target.address !== '$cbs') return settle(delivery, ++taken)
    delivery.accept()
    const replies = connection.find_sender((sender) => sender.source?.address === '$cbs')
    replies.send({ correlation_id: message.message_id, application_properties: { 'status-code': 202 } })
  })
  for (const event of ['error', 'disconnected', 'protocol_error']) container.on(event, () => {})
  const server = container.listen({ host: '127.0.0.1', port: 0, receiver_options: { autoaccept: false, credit_window: 100 } })
  await new Promise((resolve) => server.once('listening', resolve))
  const producer = new EventHubProducerClient(
    `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`,
    'hub',
    { retryOptions: { maxRetries: 2, retryDelayInMs: 10 } },
  )
  return { producer, taken: () => taken }
}
JS
cat >run.mjs <<'JS'
import { hub } from './hub.mjs'

const { producer } = await hub((delivery) => delivery.accept())
const batch = await producer.createBatch()
const body = 'x'.repeat(100_000)
let added = 0
while (added < 50 && batch.tryAdd({ body })) added++
console.log(`maxSizeInBytes ${batch.maxSizeInBytes}, ${added} of 50 events of 100 kB added, sizeInBytes ${batch.sizeInBytes}`)
const isSame = batch.maxSizeInBytes === undefined && added === 50
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
