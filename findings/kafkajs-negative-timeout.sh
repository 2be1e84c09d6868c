#!/usr/bin/env bash
# Expected: a client that nobody throttles sets no timer for the end of a throttling; and a program that only connects prints nothing.
# Seen:     with each answer kafkajs sets a timer to `throttledUntil - now`, and throttledUntil is -1 until a broker throttles: minus 1.8e12 ms.
#           Node up to 22 takes that for 1 ms without a word; Node 24 prints a TimeoutNegativeWarning on standard error.
# Matters:  the first answer of every broker prints three lines that look like a fault of the program, and each answer costs a timer of 1 ms
#           that does nothing.
# Versions: kafkajs 2.2.4 (the newest), Node 24.21.0 and 22.19.0; a broker that answers ApiVersions alone; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent kafkajs@2.2.4 node24@npm:node@24.21.0 node22@npm:node@22.19.0
cat >run.cjs <<'JS'
const { createServer } = require('node:net')
const { Kafka, logLevel } = require('kafkajs')

const warnings = []
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message.split('\n')[0]}`))
/** Length, correlation id, no error, one API (ApiVersions, 0 to 2), no throttling. */
const broker = createServer((socket) =>
  socket.on('data', (request) => {
    const answer = Buffer.alloc(4 + 4 + 2 + 4 + 6 + 4)
    answer.writeInt32BE(answer.length - 4, 0)
    request.copy(answer, 4, 8, 12)
    answer.writeInt32BE(1, 10)
    answer.writeInt16BE(18, 14)
    answer.writeInt16BE(2, 18)
    socket.write(answer)
  }),
)
broker.listen(0, '127.0.0.1', async () => {
  const brokers = [`127.0.0.1:${broker.address().port}`]
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.disconnect()
  broker.close()
  setImmediate(() => console.log(`Node ${process.version}: ${warnings.join('; ').replace(/\d{6,}/, 'N') || 'no warning'}`))
})
JS
run() { "$(find "node_modules/$1" -path '*bin/node' -type f | head -n 1)" --no-warnings run.cjs; }
older="$(run node22)"
newer="$(run node24)"
printf '%s\n%s\n' "$older" "$newer"
if [[ "$older" != *'no warning' || "$newer" != *'TimeoutNegativeWarning: -N is a negative number.' ]]; then
  echo 'The behaviour has changed.' >&2
  exit 1
fi
