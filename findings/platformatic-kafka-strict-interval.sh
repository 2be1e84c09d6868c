#!/usr/bin/env bash
# Expected: in `strict: true`, options that break a rule are refused. `heartbeatInterval: 500` breaks none: `sessionTimeout` and `rebalanceTimeout`
#           are left at their defaults of 60 and 102 seconds, and the interval is far below both.
# Seen:     `consume` and `joinGroup` refuse it: "heartbeatInterval must be less than or equal to sessionTimeout", which was not given. The rules
#           are tried before the defaults are filled in, so that a number is held against nothing; both others must be given, as their defaults.
#           The same option in the constructor is accepted. Without `strict` nothing is said.
# Matters:  the consumer of the library's own README (`sessionTimeout: 10000, heartbeatInterval: 500`) is refused as soon as it is made strict.
# Versions: @platformatic/kafka 2.12.1, Node 24.21; seen 2026-11-29. No broker is needed: whoever is not refused fails to connect.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @platformatic/kafka@2.12.1 >/dev/null 2>&1
cat >look.mjs <<'JS'
import { Consumer } from '@platformatic/kafka'

const RULE = 'refused by a rule'
async function outcome(ofClient, ofCall) {
  const base = { clientId: 'c', groupId: 'g', bootstrapBrokers: ['localhost:1'], retries: 0, connectTimeout: 500, strict: true }
  const consumer = new Consumer({ ...base, ...ofClient })
  try {
    await consumer.consume({ topics: ['t'], ...ofCall })
  } catch (error) {
    if (error.code === 'PLT_KFK_USER') console.log(`  ${error.message}`)
    return error.code === 'PLT_KFK_USER' ? RULE : 'no broker'
  }
}
const seen = [
  ['in the call, alone', await outcome({}, { heartbeatInterval: 500 })],
  ['in the call, as in the README', await outcome({}, { sessionTimeout: 10_000, heartbeatInterval: 500 })],
  ['in the call, with the others at their defaults', await outcome({}, { heartbeatInterval: 500, sessionTimeout: 60_000, rebalanceTimeout: 102_000 })],
  ['in the constructor, alone', await outcome({ heartbeatInterval: 500 }, {})],
]
for (const [where, what] of seen) console.log(`heartbeatInterval 500 ${where}: ${what}`)
process.exit(seen.map(([, what]) => what).join() === `${RULE},${RULE},no broker,no broker` ? 0 : 1)
JS
node look.mjs
