#!/usr/bin/env bash
# Expected: drain_credit() drains once: the sender uses or gives back the credit it has (AMQP 1.0, 2.6.7), and a later add_credit(5) gives it five
#           more to keep until it has messages, as with Proton, whose receiver leaves draining once it is drained.
# Seen:     rhea never takes the flag back: each later flow of that receiver has drain=true, so a sender by the book gives the new credit back
#           at once. Here the credit is gone before the message is there, and it never arrives. receiver.drain = false in receiver_drained, a
#           field that the documents don't name, mends it.
# Matters:  a receiver that pauses by draining gets what lies ready at the time and nothing after; an idle queue looks the same.
# Versions: rhea 3.0.5 as the receiver and as the sender, Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent rhea@3.0.5
cat >run.mjs <<'JS'
import rhea from 'rhea'

/** A receiver that drains, adds five credits and then waits for a message; what its sender sees of the flows, and whether the message came. */
async function after(drained) {
  const peer = rhea.create_container({ id: 'peer' })
  const flows = []
  let sender
  peer.on('sender_flow', (context) => {
    sender = context.sender
    flows.push(sender._draining ? 'drain' : 'keep')
  })
  // What the book asks of a sender without messages.
  peer.on('sender_draining', (context) => context.sender.set_drained(true))
  const server = peer.listen({ host: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  const container = rhea.create_container({ id: 'client' })
  for (const one of [peer, container]) for (const event of ['disconnected', 'error']) one.on(event, () => {})
  const connection = container.connect({ host: '127.0.0.1', port: server.address().port, reconnect: false })
  const receiver = connection.open_receiver({ source: 'x', credit_window: 0 })
  const messages = []
  receiver.on('message', ({ message }) => messages.push(message.body))
  const next = (event) => new Promise((resolve) => receiver.once(event, resolve))
  await next('receiver_open')
  receiver.add_credit(3)
  receiver.drain_credit()
  await next('receiver_drained')
  drained(receiver)
  const before = flows.length
  receiver.add_credit(5)
  while (flows.length === before) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 200))
  if (sender.credit > 0) sender.send({ body: 'a message' })
  const result = `${flows.slice(before).join(' ')}, credit of the sender ${sender.credit}`
  await new Promise((resolve) => setTimeout(resolve, 200))
  connection.close()
  server.close()
  return `${result}, received ${messages.length}`
}
const seen = [await after(() => {}), await after((receiver) => { receiver.drain = false })]
console.log(`as it is: ${seen[0]}\nwith receiver.drain = false: ${seen[1]}`)
const isSame = seen[0].startsWith('drain') && seen[0].endsWith('received 0') && seen[1].startsWith('keep') && seen[1].endsWith('received 1')
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
