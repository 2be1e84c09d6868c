#!/usr/bin/env bash
# Expected: uamqp_transport=True, a documented setting of Azure's Event Hubs client for Python, sends and reads over the older AMQP library.
# Seen:     5.14.0 sends. 5.15.1 fails before it attaches its link, at every service: it hands the link's capabilities to uamqp as a list,
#           which takes an AMQPValue (a consumer converts its own). The error is an EventHubError, as if the service had refused.
# Matters:  who falls back to uamqp, as maintainers advise for trouble with the newer library, loses the producer.
# Versions: azure-eventhub 5.14.0 and 5.15.1, uamqp 1.6.11 (PyPI), Python 3.11; the peer is rhea 3.0.5 (npm) with TLS on loopback, Node 24.21; seen
#           2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
for version in 5.14.0 5.15.1; do
  python3 -m venv "venv-$version"
  "venv-$version/bin/pip" install --quiet --disable-pip-version-check "azure-eventhub==$version" uamqp==1.6.11
done
npm init -y >/dev/null
npm install --silent --no-audit --no-fund rhea@3.0.5 >/dev/null 2>&1
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat >peer.mjs <<'JS'
import { readFileSync, writeFileSync } from 'node:fs'
import rhea from 'rhea'

const answers = new Set()
rhea.sasl_server_mechanisms.enable_anonymous()
rhea.sasl_server_mechanisms.MSSBCBS = rhea.sasl_server_mechanisms.ANONYMOUS
rhea.on('sender_open', ({ sender }) => {
  sender.set_source(sender.source)
  sender.set_target(sender.target)
  answers.add(sender)
})
rhea.on('receiver_open', ({ receiver }) => {
  receiver.set_source(receiver.source)
  receiver.set_target(receiver.target)
})
rhea.on('message', ({ message, receiver }) => {
  const { address } = receiver.target
  if (!address.startsWith('$')) return
  const answer = { correlation_id: message.message_id, body: { name: 'hub', created_at: new Date(), partition_ids: ['0'] } }
  answer.application_properties = { 'status-code': rhea.types.wrap_int(200), 'status-description': 'OK' }
  for (const sender of answers)
    if (sender.connection === receiver.connection && sender.source.address === address) sender.send(answer)
})
for (const event of ['disconnected', 'connection_error', 'error', 'protocol_error']) rhea.on(event, () => {})
const tls = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') }
const server = rhea.listen({ port: 0, host: '127.0.0.1', transport: 'tls', ...tls })
server.on('listening', () => writeFileSync('port', String(server.address().port)))
setTimeout(() => process.exit(), 300_000)
JS
cat >run.py <<'PY'
import logging, os, sys
from azure.eventhub import EventData, EventHubProducerClient, __version__

logging.disable(logging.CRITICAL)
string = "Endpoint=sb://localhost/;SharedAccessKeyName=n;SharedAccessKey=a2V5;EntityPath=hub"
client = EventHubProducerClient.from_connection_string(
    string, uamqp_transport=True, custom_endpoint_address=f"sb://localhost:{sys.argv[1]}", connection_verify="cert.pem", retry_total=0
)
try:
    client.send_batch([EventData("event")], partition_id="0")
    seen = "sent"
except Exception as error:
    seen = f"{type(error).__name__}: {str(error).splitlines()[0]}"
print(f"azure-eventhub {__version__}: {seen}", flush=True)
os._exit(0)
PY
node peer.mjs &
peer=$!
while [ ! -s port ]; do sleep 0.1; done
for version in 5.14.0 5.15.1; do "venv-$version/bin/python" run.py "$(cat port)" 2>/dev/null; done | tee seen
if ! { grep -q '5.14.0: sent' seen && grep -q "5.15.1: .*'desired_capabilities' has incorrect type" seen; }; then
  echo 'The behaviour has changed.'
  exit 1
fi
