#!/usr/bin/env bash
# Expected: a sender and a receiver of one session may have the same name: AMQP 1.0 (2.6.1) tells links apart by their name and by which of the
#           two containers is the source, so "orders" there and "orders" back are two links.
# Seen:     rhea keeps the links of a session by name alone, so the second takes the place of the first, whose attach is never sent: the receiver
#           opens, the sender never does, no event and no error tell of it, and what is sent waits for ever. A Proton client has both open.
# Matters:  a program that names its links after a queue or a device works until it both sends to it and receives from it.
# Versions: rhea 3.0.5 against python-qpid-proton 0.40.0, Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-qpid-proton==0.40.0
cat >peer.py <<'PY'
"""peer.py: a server that opens what it is asked for. peer.py PORT: a client with two links of one name."""
import socket, sys

from proton.handlers import MessagingHandler
from proton.reactor import Container


class Server(MessagingHandler):
    def on_start(self, event):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        event.container.listen(f"127.0.0.1:{port}")
        print(port, flush=True)

    def on_link_opening(self, event):
        event.link.source.address = event.link.remote_source.address
        event.link.target.address = event.link.remote_target.address


class Client(MessagingHandler):
    opened = 0

    def on_start(self, event):
        connection = event.container.connect(f"127.0.0.1:{sys.argv[1]}")
        event.container.create_sender(connection, "orders", name="orders")
        event.container.create_receiver(connection, "orders", name="orders")

    def on_link_opened(self, event):
        self.opened += 1
        if self.opened == 2:
            print("receiver and sender")
            event.connection.close()


Container(Client() if len(sys.argv) > 1 else Server()).run()
PY
cat >run.mjs <<'JS'
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import rhea from 'rhea'

const peer = spawn('venv/bin/python', ['peer.py'], { stdio: ['ignore', 'pipe', 'ignore'] })
const port = Number(await new Promise((resolve) => peer.stdout.once('data', resolve)))

/** Which of the two links open within a second of the first, or what went wrong. */
const links = (sender, receiver) =>
  new Promise((resolve) => {
    const container = rhea.create_container()
    const opened = []
    const open = (kind) => ({ connection }) => {
      opened.push(kind)
      if (opened.length > 1) return
      setTimeout(() => {
        connection.close()
        resolve(opened.sort().join(' and '))
      }, 1000)
    }
    container.on('sender_open', open('sender')).on('receiver_open', open('receiver'))
    container.on('error', (error) => resolve(error.message))
    container.on('disconnected', ({ error }) => resolve(error?.message ?? 'disconnected'))
    const connection = container.connect({ host: '127.0.0.1', port, reconnect: false })
    connection.open_sender({ name: sender, target: 'orders' })
    connection.open_receiver({ name: receiver, source: 'orders' })
  })
const seen = {
  'rhea, two names': await links('there', 'back'),
  'rhea, one name': await links('orders', 'orders'),
  Proton: (await promisify(execFile)('venv/bin/python', ['peer.py', String(port)], { timeout: 10_000 })).stdout.trim(),
}
peer.kill()
for (const [name, said] of Object.entries(seen)) console.log(`${name}: ${said}`)
const isSame = Object.values(seen).join() === 'receiver and sender,receiver,receiver and sender'
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
