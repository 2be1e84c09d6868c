#!/usr/bin/env bash
# Expected: a receiver that accepts one message and rejects the next tells their sender so: accepted, rejected (AMQP 1.0, 2.7.6: one disposition
#           may speak of a range of deliveries, when it is true of all of them).
# Seen:     of two messages that arrive in one turn rhea writes one disposition, with the outcome of the first for both. The one that was rejected
#           counts as accepted; the other way round the one that was accepted comes back as rejected, with the other's reason. From the third on each
#           gets its own: the first two of a range are joined without a look at their outcomes (`write_dispositions` in lib/session.js).
# Matters:  a server or a consumer on rhea that refuses some of what it gets (too large, malformed, no room) acknowledges what it has thrown away, or has
#           sent again what it keeps. It only shows under load, when two messages share a packet. Settle in turns of their own (setImmediate).
# Versions: rhea 3.0.5, python-qpid-proton 0.40.0 as the sender; Node 24; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-qpid-proton==0.40.0
cat >sender.py <<'PY'
"""Sends messages at once, as many as there are marks in the second argument, and prints what became of each."""
import sys

from proton import Message
from proton.handlers import MessagingHandler
from proton.reactor import Container


class Sender(MessagingHandler):
    outcomes = {}

    def on_start(self, event):
        event.container.create_sender(f"127.0.0.1:{sys.argv[1]}/x")

    def on_sendable(self, event):
        if self.outcomes:
            return
        for number in range(len(sys.argv[2])):
            self.outcomes[event.sender.send(Message(id=number, body="x")).tag] = None

    def on_accepted(self, event):
        self.heard(event, "accepted")

    def on_rejected(self, event):
        self.heard(event, "rejected")

    def heard(self, event, outcome):
        self.outcomes[event.delivery.tag] = outcome
        if None not in self.outcomes.values():
            print(" ".join(self.outcomes.values()))
            event.connection.close()


Container(Sender()).run()
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import rhea from 'rhea'

const sent = promisify(execFile)
const server = rhea.create_container({ receiver_options: { autoaccept: false } })
let marks = ''
server.on('message', ({ message, delivery }) =>
  marks[message.message_id] === 'a' ? delivery.accept() : delivery.reject({ condition: 'amqp:decode-error' }),
)
const listener = server.listen({ port: 0, host: '127.0.0.1' })
await once(listener, 'listening')
const seen = []
for (marks of ['ar', 'ra', 'aar', 'arar']) {
  const { stdout } = await sent('venv/bin/python', ['sender.py', String(listener.address().port), marks], { timeout: 30_000 })
  seen.push(`${marks}: ${stdout.trim()}`)
}
console.log(seen.join('\n'))
const expected = [
  'ar: accepted accepted',
  'ra: rejected rejected',
  'aar: accepted accepted rejected',
  'arar: accepted accepted accepted rejected',
]
const isSame = seen.join() === expected.join()
console.log(isSame ? 'as described' : 'different now')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
