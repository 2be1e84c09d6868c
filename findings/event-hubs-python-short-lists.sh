#!/usr/bin/env bash
# Expected: a peer may leave out empty fields at the end of a performative (AMQP 1.0, 1.4: trailing null values may be omitted), and a field
#           that is left out has its default (max-frame-size 4294967295). rhea does so as a server; The JavaScript client reads it.
# Seen:     azure-eventhub reads the fields by place: each operation ends with EventHubError "list index out of range". The service writes
#           every field, so nobody meets it there.
# Matters:  an emulator or proxy by the book is unreachable for Python, and the message names nothing of the cause.
# Versions: azure-eventhub 5.15.1 (_pyamqp/_connection.py), against rhea 3.0.4 as the peer; Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 rhea@3.0.4
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1
cat >hub.mjs <<'JS'
import rhea from 'rhea'
import { EventHubProducerClient } from '@azure/event-hubs'

const container = rhea.create_container({ id: 'hub' })
container.sasl_server_mechanisms.enable_anonymous()
container.on('sender_open', ({ sender }) => {
  sender.set_source({ address: sender.source.address })
  sender.set_target({ address: sender.target.address ?? sender.name })
})
container.on('receiver_open', ({ receiver }) => {
  receiver.set_source({ address: receiver.source.address ?? receiver.name })
  receiver.set_target({ address: receiver.target.address })
})
container.on('message', ({ message, receiver, connection }) => {
  if (receiver.target.address !== '$cbs') return
  const replies = connection.find_sender((sender) => sender.source?.address === '$cbs')
  replies.send({ correlation_id: message.message_id, application_properties: { 'status-code': 202, 'status-description': 'Accepted' } })
})
for (const event of ['error', 'disconnected', 'protocol_error']) container.on(event, () => {})
const server = container.listen({ host: '127.0.0.1', port: 0 })
await new Promise((resolve) => server.once('listening', resolve))
const connectionString = `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`
const producer = new EventHubProducerClient(connectionString, 'hub')
await producer.sendBatch([{ body: 1 }])
await producer.close()
console.log(connectionString)
process.stdin.on('end', () => process.exit(0)).resume()
JS
cat >run.py <<'PY'
import subprocess, sys
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.exceptions import EventHubError

hub = subprocess.Popen(["node", "hub.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
connection_string = hub.stdout.readline().strip()
print("JavaScript: sent" if connection_string else "JavaScript: failed")
try:
    with EventHubProducerClient.from_connection_string(connection_string, eventhub_name="hub", retry_total=0) as producer:
        producer.send_event(EventData("x"))
    said = "sent"
except EventHubError as error:
    said = str(error).splitlines()[0]
print("Python:", said)
hub.stdin.close()
hub.wait()
if not connection_string or said != "list index out of range":
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
