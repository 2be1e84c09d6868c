#!/usr/bin/env bash
# Expected: a delivery that its sender gives up half-way (a transfer with aborted=true) is dropped by the receiver, as AMQP 1.0, 2.7.5, says of that
#           field: nothing of it reaches the program.
# Seen:     rhea does not look at the flag. It takes the aborted transfer for the last one and hands over what had come so far as the message: here
#           one of two data sections. (Where the cut is within a section, it ends the connection with an error of a Buffer.) A receiver of
#           Qpid Proton, and Go's go-amqp by its source, pass it over.
# Matters:  half an event counts as a whole one. Routers that pass messages on while they arrive (Qpid Dispatch, Skupper) abort where a sender goes
#           away in the middle: behind one, check a length or a hash, or have the sender keep to one frame.
# Versions: rhea 3.0.5 (the protocol library of @azure/event-hubs), python-qpid-proton 0.40.0 as the peer; Node 24 and 20; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-qpid-proton==0.40.0
cat >peer.py <<'PY'
"""peer.py: a server that sends two messages to whoever asks, and aborts the first after one of its two data sections.
peer.py PORT: a client that prints what it gets from there."""
import socket, sys

from proton import Message
from proton.handlers import MessagingHandler
from proton.reactor import Container

PROPERTIES = bytes.fromhex("005373c0030153")


def encoded(number, *parts):
    """A message of AMQP 1.0: properties with a message-id (a small ulong), and one data section for each part."""
    return PROPERTIES + bytes([number]) + b"".join(b"\x00\x53\x75\xa0" + bytes([len(part)]) + part for part in parts)


class Server(MessagingHandler):
    given = None

    def on_start(self, event):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        event.container.listen(f"127.0.0.1:{port}")
        print(port, flush=True)

    def on_link_opening(self, event):
        event.link.source.address = event.link.remote_source.address
        event.link.target.address = event.link.remote_target.address
        self.given = None

    def on_sendable(self, event):
        if self.given:
            return
        self.given = (event.sender, event.sender.delivery("half"))
        event.sender.stream(encoded(1, b"half of "))
        event.container.schedule(0.5, self)

    def on_timer_task(self, event):
        sender, delivery = self.given
        delivery.abort()
        whole = sender.delivery("whole")
        sender.stream(encoded(2, b"all of ", b"another"))
        sender.advance()


class Client(MessagingHandler):
    def on_start(self, event):
        event.container.create_receiver(f"127.0.0.1:{sys.argv[1]}/x")

    def on_message(self, event):
        print(f"message {event.message.id}", flush=True)
        if event.message.id == 2:
            event.connection.close()


Container(Client() if len(sys.argv) > 1 else Server()).run()
PY
cat >run.mjs <<'JS'
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import rhea from 'rhea'

const peer = spawn('venv/bin/python', ['peer.py'], { stdio: ['ignore', 'pipe', 'inherit'] })
const port = Number(await new Promise((resolve) => peer.stdout.once('data', resolve)))
const text = (content) => (Array.isArray(content) ? content : [content]).map(String)
const seen = await new Promise((resolve) => {
  const messages = []
  const container = rhea.create_container()
  container.on('message', ({ message, connection }) => {
    messages.push(`message ${message.message_id}: ${JSON.stringify(text(message.body.content))}`)
    if (message.message_id !== 2) return
    connection.close()
    resolve(messages)
  })
  container.on('disconnected', () => resolve([...messages, 'disconnected']))
  container.connect({ host: '127.0.0.1', port, reconnect: false }).open_receiver('x')
})
for (const line of seen) console.log(`rhea: ${line}`)
const { stdout } = await promisify(execFile)('venv/bin/python', ['peer.py', String(port)])
console.log(`Proton: ${stdout.trim()}`)
peer.kill()
const isSame = seen.join() === 'message 1: ["half of "],message 2: ["all of ","another"]' && stdout.trim() === 'message 2'
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
