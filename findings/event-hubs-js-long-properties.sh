#!/usr/bin/env bash
# Expected: an application property of AMQP's type long, which is what Java's Long and .NET's long become, reaches a JavaScript
#           consumer exactly: as a BigInt where a number is too small, or as the nearest number with a warning.
# Seen:     three forms, by size. Up to 2^53 a number. From 2^53 to 2^53 + 2^32 a number too, so that 9007199254740993 silently arrives as
#           ...992. Beyond, rhea hands over the eight bytes, which @azure/event-hubs makes into a plain object: {"0":16,"1":0, ...}. The
#           same in a body that is an AMQP value: a number, or a Buffer.
# Matters:  an id or a time in nanoseconds, sent as a number by a Java or .NET producer, compares equal to its neighbour or is an object.
# Versions: @azure/event-hubs 6.0.4 with rhea 3.0.4 (lib/types.js, read_long), against rhea as the peer; Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 rhea@3.0.4
cat >run.mjs <<'JS'
import rhea from 'rhea'
import { EventHubConsumerClient } from '@azure/event-hubs'

/** Eight bytes, big end first, with the type code of a long (AMQP 1.0, 1.6.10). */
const long = (value) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return new rhea.types.Long(bytes)
}
const LONGS = { plain: 1_000_000_000_000n, exact: 2n ** 53n, lost: 2n ** 53n + 1n, far: 2n ** 60n }

const container = rhea.create_container({ id: 'hub' })
container.sasl_server_mechanisms.enable_anonymous()
container.on('receiver_open', ({ receiver }) => receiver.set_target({ address: receiver.target.address }))
container.on('sender_open', ({ sender }) => sender.set_source({ address: sender.source.address }))
// Management is asked for nothing here; the token is taken as it is.
container.on('message', ({ message, delivery, connection }) => {
  delivery.accept()
  const replies = connection.find_sender((sender) => sender.source?.address === '$cbs')
  replies?.send({ correlation_id: message.message_id, application_properties: { 'status-code': 202 } })
})
container.on('sendable', ({ sender }) => {
  if (!sender.source.address.includes('Partitions') || sender.hasSent) return
  sender.hasSent = true
  for (const [name, value] of Object.entries(LONGS))
    sender.send({
      message_annotations: { 'x-opt-sequence-number': 1, 'x-opt-offset': '1', 'x-opt-enqueued-time': new Date(0) },
      application_properties: { name, id: long(value) },
      body: long(value),
    })
})
for (const event of ['error', 'disconnected', 'protocol_error']) container.on(event, () => {})
const server = container.listen({ host: '127.0.0.1', port: 0, receiver_options: { autoaccept: false, credit_window: 100 } })
await new Promise((resolve) => server.once('listening', resolve))
const consumer = new EventHubConsumerClient(
  '$Default',
  `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`,
  'hub',
)
const seen = new Map()
const done = new Promise((resolve, reject) => {
  consumer.subscribe('0', {
    processEvents: async (events) => {
      for (const { properties, body } of events) seen.set(properties.name, { id: properties.id, body })
      if (seen.size === 4) resolve()
    },
    processError: async (error) => reject(error),
  })
})
await done
const form = (value) => (Buffer.isBuffer(value) ? `Buffer ${value.toString('hex')}` : JSON.stringify(value))
for (const [name, value] of Object.entries(LONGS))
  console.log(`${name}: sent ${value}, property ${form(seen.get(name).id)}, body ${form(seen.get(name).body)}`)
const isSame =
  seen.get('plain').id === 1e12 &&
  seen.get('exact').id === 2 ** 53 &&
  seen.get('lost').id === 2 ** 53 &&
  seen.get('far').id?.[0] === 16 && typeof seen.get('far').id === 'object' && !Buffer.isBuffer(seen.get('far').id)
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
