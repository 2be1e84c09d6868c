#!/usr/bin/env bash
# Expected: a property that is a JavaScript number has one AMQP type, double, as a JavaScript number is one, or at least one type for each property:
#           a consumer in Java or .NET casts what it finds under "celsius".
# Seen:     the type follows the value: 21.5 goes out as double, 21 as uint, -3 and 0 as int, 1764374400000 as ulong, and a large negative one
#           as long: five types for one property. -0 loses its sign.
# Matters:  a consumer's cast to double works until a reading is a whole number: one in ten, with one decimal. Elsewhere it is an
#           UnsignedInteger of Proton's or a uint of .NET's. Send a text, or read any number type.
# Versions: @azure/event-hubs 6.0.4 with rhea 3.0.5, read by python-qpid-proton 0.40.0 (which shows the types); Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-qpid-proton==0.40.0
cat >kinds.py <<'PY'
"""Prints the AMQP type of the property in each event that is given in hexadecimal digits."""
import sys

from proton import Message

NAMES = {"float": "double", "int": "long", "int32": "int", "ulong": "ulong", "uint": "uint"}
for digits in sys.argv[1:]:
    message = Message()
    message.decode(bytes.fromhex(digits))
    value = message.properties["celsius"]
    print(NAMES.get(type(value).__name__, type(value).__name__))
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import rhea from 'rhea'
import { EventHubProducerClient } from '@azure/event-hubs'

const sent = []
const container = rhea.create_container({ id: 'hub' })
container.sasl_server_mechanisms.enable_anonymous()
container.on('sender_open', ({ sender }) => sender.set_source({ address: sender.source.address }))
container.on('receiver_open', ({ receiver }) => receiver.set_target({ address: receiver.target.address }))
container.on('message', ({ message, receiver, delivery, connection }) => {
  delivery.accept()
  // A batch has a format of its own, and comes as bytes: a data section, which holds an event.
  if (receiver.target.address !== '$cbs') return sent.push(rhea.message.decode(message).body.content)
  const replies = connection.find_sender((sender) => sender.source?.address === '$cbs')
  replies.send({ correlation_id: message.message_id, application_properties: { 'status-code': 202 } })
})
for (const event of ['error', 'disconnected', 'protocol_error']) container.on(event, () => {})
const server = container.listen({ host: '127.0.0.1', port: 0, receiver_options: { autoaccept: false } })
await new Promise((resolve) => server.once('listening', resolve))
const producer = new EventHubProducerClient(
  `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`,
  'hub',
)
const values = [21.5, 21, 0, -3, 1764374400000, -1764374400000]
for (const celsius of values) await producer.sendBatch([{ body: 1, properties: { celsius } }])
const digits = sent.map((event) => event.toString('hex'))
const { stdout } = await promisify(execFile)('venv/bin/python', ['kinds.py', ...digits])
const types = stdout.trim().split('\n')
for (const [at, value] of values.entries()) console.log(`${value}: ${types[at]}`)
const isSame = types.join() === 'double,uint,int,int,ulong,long'
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
