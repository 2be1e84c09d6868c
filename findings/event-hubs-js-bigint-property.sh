#!/usr/bin/env bash
# Expected: an application property that is a BigInt, as DuckDB, Parquet readers and protobuf hand out whole numbers of 64 bits, is sent as AMQP's
#           long, or refused by its name; a number that does not fit is refused the same way; NaN, which AMQP's double has, is sent as NaN.
# Seen:     the BigInt goes out as an empty map ({}), so that the number is nowhere in the event, and the send reports success: rhea takes
#           whatever it does not know for an object, and a BigInt has no properties. NaN goes out as null. 1e20, a whole number for JavaScript,
#           ends with Node's RangeError about four bytes of a buffer, which names neither the event nor the property.
# Matters:  ids and counts that come from a table are lost on their way into an event: turn every BigInt into a number or a text before it
#           is sent. (In the body, JSON.stringify refuses it aloud.)
# Versions: @azure/event-hubs 6.0.4 with rhea 3.0.5, against rhea as the peer; Node 24 and 20; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 rhea@3.0.5
cat >run.mjs <<'JS'
import { EventHubProducerClient } from '@azure/event-hubs'
import rhea from 'rhea'

/** A hub that takes any token and keeps the last batch: a message whose body is a message for each event. */
let batch
const container = rhea.create_container({ id: 'hub' })
container.sasl_server_mechanisms.enable_anonymous()
container.on('sender_open', ({ sender }) => sender.set_source({ address: sender.source.address }))
container.on('receiver_open', ({ receiver }) => receiver.set_target({ address: receiver.target.address }))
container.on('message', ({ message, receiver, delivery, connection }) => {
  delivery.accept()
  if (receiver.target.address !== '$cbs') {
    batch = message
    return
  }
  const replies = connection.find_sender((sender) => sender.source?.address === '$cbs')
  replies.send({ correlation_id: message.message_id, application_properties: { 'status-code': 202 } })
})
for (const event of ['error', 'disconnected', 'protocol_error']) container.on(event, () => {})
const options = { autoaccept: false, credit_window: 100, max_message_size: 1_048_576 }
const server = container.listen({ host: '127.0.0.1', port: 0, receiver_options: options })
await new Promise((resolve) => server.once('listening', resolve))
const producer = new EventHubProducerClient(
  `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`,
  'hub',
  { retryOptions: { maxRetries: 0 } },
)
const values = { 'BigInt 9007199254740993n': 9007199254740993n, NaN: Number.NaN, '1e20': 1e20, '2 ** 40': 2 ** 40, 'text': '9007199254740993' }
const seen = []
for (const [name, id] of Object.entries(values)) {
  const said = await producer.sendBatch([{ body: 1, properties: { id } }]).then(() => 'sent', (error) => error.name)
  const { content } = rhea.message.decode(batch).body
  const arrived = said === 'sent' ? JSON.stringify(rhea.message.decode(content).application_properties.id) : 'nothing'
  console.log(`${name}: ${said}, arrives as ${arrived}`)
  seen.push(`${said} ${arrived}`)
}
const isSame = seen.join() === `sent {},sent null,RangeError nothing,sent ${2 ** 40},sent "9007199254740993"`
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
