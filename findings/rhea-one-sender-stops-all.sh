#!/usr/bin/env bash
# Expected: a sender that has no credit waits by itself: credit belongs to a link (AMQP 1.0, 2.6.7), and other links of its session go on.
# Seen:     rhea keeps one queue for a session and looks at its head alone. A message for a link without credit holds up all messages behind
#           it, those of links with credit too, for as long as the first link has none. Nothing is printed, and the other sender's
#           sendable() stays true. Proton's senders, and rhea's in a session of their own each, are independent.
# Matters:  one full queue at a broker stops the sending to all others of the connection, since connection.open_sender puts all of them into
#           one session.
# Versions: rhea 3.0.5, python-qpid-proton 0.40.0, with rhea as the peer; Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-qpid-proton==0.40.0
cat >client.py <<'PY'
"""client.py PORT: two senders of one session, the first of which gets no credit; says what became of the second's message."""
import sys

from proton import Message
from proton.handlers import MessagingHandler
from proton.reactor import Container


class Client(MessagingHandler):
    is_sent = False

    def on_start(self, event):
        connection = event.container.connect(f"127.0.0.1:{sys.argv[1]}")
        self.full = event.container.create_sender(connection, "full")
        event.container.create_sender(connection, "free")

    def on_sendable(self, event):
        if event.link.target.address == "free" and not self.is_sent:
            self.is_sent = True
            self.full.send(Message(body="for the full one"))
            event.link.send(Message(body="for the free one"))

    def on_accepted(self, event):
        event.connection.close()


Container(Client()).run()
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import rhea from 'rhea'

let arrived = []
const peer = rhea.create_container({ id: 'peer' })
peer.on('receiver_open', ({ receiver }) => {
  receiver.set_target({ address: receiver.target.address })
  if (receiver.target.address === 'free') receiver.add_credit(10)
})
peer.on('message', ({ message }) => arrived.push(message.body))
const server = peer.listen({ host: '127.0.0.1', port: 0, receiver_options: { credit_window: 0 } })
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address()
const container = rhea.create_container({ id: 'client' })
for (const one of [peer, container]) for (const event of ['disconnected', 'error']) one.on(event, () => {})

/** What arrives when the full sender's message is sent first, and whether the free one says that it can send. */
async function sent(hasSessions) {
  arrived = []
  const connection = container.connect({ host: '127.0.0.1', port, reconnect: false })
  const opener = () => {
    if (!hasSessions) return connection
    const session = connection.create_session()
    session.begin()
    return session
  }
  const full = opener().open_sender('full')
  const free = opener().open_sender('free')
  await new Promise((resolve) => free.once('sendable', resolve))
  full.send({ body: 'for the full one' })
  free.send({ body: 'for the free one' })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const said = `arrived ${JSON.stringify(arrived)}, free.sendable() ${free.sendable()}`
  connection.close()
  return said
}
const seen = { 'rhea, one session': await sent(false), 'rhea, two sessions': await sent(true) }
arrived = []
await promisify(execFile)('venv/bin/python', ['client.py', String(port)], { timeout: 10_000 })
seen.Proton = `arrived ${JSON.stringify(arrived)}`
for (const [name, said] of Object.entries(seen)) console.log(`${name}: ${said}`)
const free = 'arrived ["for the free one"]'
const isSame =
  seen['rhea, one session'] === 'arrived [], free.sendable() true' && seen['rhea, two sessions'].startsWith(free) && seen.Proton === free
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
