#!/usr/bin/env bash
# Expected: an event that its peer releases was not taken ("not been, and will not be, acted upon": AMQP 1.0, 3.4.4), so the client sends it
#           again within its retries, as it does for a busy server. `modified` with delivery-failed reaches the caller under its own name.
# Seen:     released is thrown at once, retryable false, though retries are left. modified is reported as "received a 'released'
#           disposition": the protocol library gives out both under the event `released`.
# Matters:  behind a broker or proxy that releases while it moves a link, a send fails that one more attempt would have delivered.
# Versions: @azure/event-hubs 6.0.4 (rhea-promise), against rhea 3.0.4 as the peer; Node 24 and 20; seen 2026-11-28.
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

const ways = {
  'released once, then accepted': (delivery, count) => (count === 1 ? delivery.release() : delivery.accept()),
  'modified once, then accepted': (delivery, count) => (count === 1 ? delivery.modified({ delivery_failed: true }) : delivery.accept()),
  'busy once, then accepted': (delivery, count) =>
    count === 1 ? delivery.reject({ condition: 'com.microsoft:server-busy', description: 'busy' }) : delivery.accept(),
}
const seen = []
for (const [name, settle] of Object.entries(ways)) {
  const { producer, taken } = await hub(settle)
  const said = await producer.sendBatch([{ body: 1 }]).then(() => 'sent', (error) => `${error.code}, retryable ${error.retryable}, ${/received an? '\w+'/.exec(error.message)?.[0]}`)
  console.log(`${name}: ${said}; sends ${taken()}`)
  seen.push(`${said.split(',')[0]} ${taken()}`)
}
const isSame = seen.join() === 'SendOperationFailedError 1,SendOperationFailedError 1,sent 2'
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
