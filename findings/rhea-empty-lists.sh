#!/usr/bin/env bash
# Expected: an empty list in a message arrives as an empty list, whatever links were opened before.
# Seen:     rhea keeps one array for all empty lists that it reads. A server that answers an attach with the peer's own source
#           (set_source(link.source)) fills that array when the source is an empty list, as rhea's own senders write it: from then on every
#           empty list of the process is read as eleven nulls, in messages of all connections.
# Matters:  one link changes what others receive; and a target that was empty is answered with the eleven fields of a source, which Go's go-amqp
#           refuses to read ("invalid field count 11 for 0x29"). Repeat the address alone: set_source({ address: link.source.address }).
# Versions: rhea 3.0.5 (the protocol library of @azure/event-hubs); Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent rhea@3.0.5
cat >run.mjs <<'JS'
import { once } from 'node:events'
import rhea from 'rhea'

const server = rhea.create_container()
server.on('receiver_open', ({ receiver }) => {
  if (receiver.target.address === 'repeated') receiver.set_source(receiver.source)
})
const bodies = []
server.on('message', ({ message }) => bodies.push(message.body))
const listener = server.listen({ port: 0, host: '127.0.0.1' })
await once(listener, 'listening')
const { port } = listener.address()

/** Sends an empty list over a connection of its own. @returns the length of the list that the server gets. */
async function lengthOfEmpty() {
  const connection = rhea.create_container().connect({ host: '127.0.0.1', port, reconnect: false })
  const sender = connection.open_sender('plain')
  await once(sender, 'sendable')
  sender.send({ body: [] })
  await once(sender, 'accepted')
  connection.close()
  return bodies.at(-1).length
}

const before = await lengthOfEmpty()
const other = rhea.create_container().connect({ host: '127.0.0.1', port, reconnect: false })
await once(other.open_sender('repeated'), 'sender_open')
const after = await lengthOfEmpty()
other.close()
listener.close()
console.log(`an empty list arrives with ${before} items; with ${after} once a server has repeated an empty source`)
const isSame = before === 0 && after === 11
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
