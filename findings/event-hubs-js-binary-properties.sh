#!/usr/bin/env bash
# Expected: an application property of type binary reaches a JavaScript consumer as a Buffer, as it left the sender.
# Seen:     @azure/event-hubs turns it into a plain object of numbered bytes ({ "0": 104, "1": 105 }): the function that turns
#           dates into numbers walks into every object, a Buffer too. A date becomes a number, which is documented nowhere.
# Matters:  records of Kafka clients carry their headers as binary properties; so does anything that .NET's byte[] wrote.
# Versions: @azure/event-hubs 6.0.4 (dist/esm/eventData.js, fromRheaMessage), Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/event-hubs@6.0.4
cat >run.mjs <<'JS'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'

const file = resolve('node_modules/@azure/event-hubs/dist/esm/eventData.js')
const { fromRheaMessage } = await import(pathToFileURL(file))
const message = {
  body: { typecode: 0x75, content: Buffer.from('{}') },
  application_properties: { bytes: Buffer.from('hi'), text: 'hi', time: new Date(0) },
  message_annotations: {},
}
const { properties } = fromRheaMessage(message, false)
console.log('received', JSON.stringify(properties))
const isObject = !Buffer.isBuffer(properties.bytes) && properties.bytes?.[0] === 104 && properties.bytes?.[1] === 105
if (!isObject || properties.time !== 0 || properties.text !== 'hi') {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node run.mjs
