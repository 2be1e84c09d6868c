#!/usr/bin/env bash
# Expected: a sender puts no more transfer frames into a session than the other side's incoming window has room for (AMQP 1.0, 2.5.6), and goes
#           on when a flow has opened it again. JavaScript's client does so.
# Seen:     azure-eventhub takes one off the window for each message, however many frames that has, as it does with next-outgoing-id: an event in
#           17 frames goes out in one piece into a window of four.
# Matters:  a broker or proxy with small frames and a small window, as it has them to bound its memory, may end the session for it
#           (amqp:session:window-violation); Event Hubs itself gives plenty of both.
# Versions: azure-eventhub 5.15.1 (_pyamqp/session.py), @azure/event-hubs 6.0.4, against rhea 3.0.5 as the peer; Python 3.11,
#           Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4 rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1
cat >run.py <<'PY'
import sys
from azure.eventhub import EventData, EventHubProducerClient

producer = EventHubProducerClient.from_connection_string(sys.argv[1], eventhub_name="hub", retry_total=0)
with producer:
    producer.send_batch([EventData("x" * int(sys.argv[2]))], timeout=3)
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { EventHubProducerClient } from '@azure/event-hubs'
import rhea from 'rhea'
import frames from 'rhea/lib/frames.js'

// Python's client reads fields by their place: all of them are written, as the service does.
for (const [name, count] of Object.entries({ open: 10, begin: 8, attach: 14, flow: 11, transfer: 11, disposition: 6, detach: 3, end: 1, close: 1 })) {
  const create = frames[name]
  frames[name] = (fields) => {
    const frame = create(name === 'begin' ? { handle_max: 255, ...fields } : fields)
    for (let at = 0; at < count; at++) frame.value[at] ??= null
    return frame
  }
}

/** A hub that gives so many credits, and frames in a row; what it counts is in the object that it is given. */
async function hub(counts, { credit, options }) {
  const container = rhea.create_container({ id: 'hub' })
  container.sasl_server_mechanisms.enable_anonymous()
  container.on('sender_open', ({ sender }) => {
    sender.set_source({ address: sender.source.address })
    sender.set_target({ address: sender.target?.address ?? sender.name })
  })
  container.on('receiver_open', ({ receiver }) => {
    receiver.set_source({ address: receiver.source?.address ?? receiver.name })
    receiver.set_target({ address: receiver.target.address })
    receiver.local.attach.max_message_size = 1048576
    receiver.add_credit(receiver.target.address === '$cbs' ? 100 : credit)
  })
  container.on('session_open', ({ session }) => {
    let inARow = 0
    const onTransfer = session.on_transfer.bind(session)
    session.on_transfer = (frame) => {
      if (session.remote.handles[frame.performative.handle].target.address !== '$cbs') {
        counts.frames++
        counts.mostInARow = Math.max(counts.mostInARow, ++inARow)
        // The window is opened again when nothing more comes by itself.
        if (inARow === 3) setTimeout(() => { inARow = 0; session._write_flow() }, 300)
      }
      onTransfer(frame)
    }
  })
  container.on('message', ({ message, receiver, delivery, connection }) => {
    delivery.accept()
    if (receiver.target.address !== '$cbs') return
    const replies = connection.find_sender((sender) => sender.source?.address === '$cbs')
    replies.send({ correlation_id: message.message_id, application_properties: { 'status-code': 202, 'status-description': 'Accepted' } })
  })
  for (const event of ['error', 'disconnected', 'protocol_error']) container.on(event, () => {})
  const receiverOptions = { autoaccept: false, credit_window: 0 }
  const server = container.listen({ host: '127.0.0.1', port: 0, receiver_options: receiverOptions, ...options })
  await new Promise((resolve) => server.once('listening', resolve))
  return server
}
const clients = {
  JavaScript: async (text, size) => {
    const producer = new EventHubProducerClient(text, 'hub', { retryOptions: { maxRetries: 0 } })
    await producer.sendBatch([{ body: 'x'.repeat(size) }])
  },
  Python: (text, size) => promisify(execFile)('venv/bin/python', ['run.py', text, String(size)], { timeout: 20_000 }),
}
const given = { credit: 10, options: { max_frame_size: 512, session_buffer_size: 4 } }
const seen = []
for (const [client, send] of Object.entries(clients)) {
  const counts = { frames: 0, mostInARow: 0 }
  const server = await hub(counts, given)
  const text = `Endpoint=sb://localhost:${server.address().port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`
  const waited = new Promise((resolve) => setTimeout(resolve, 10_000, 'not sent within 10 s'))
  const said = await Promise.race([send(text, 8000).then(() => 'sent', (error) => error.message), waited])
  server.close()
  console.log(`a window of four frames, ${client}: ${said}, frames ${counts.frames}, most in a row ${counts.mostInARow}`)
  seen.push({ said, ...counts })
}
const [script, python] = seen
const isSame = seen.every(({ said, frames }) => said === 'sent' && frames > 10) && script.mostInARow <= 4 && python.mostInARow > 10
if (!isSame) console.log('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
