#!/usr/bin/env bash
# Expected: @azure/core-rest-pipeline sends by node:https, so a program of Azure's SDKs never loads Node's other HTTP client (undici, which is
#           behind fetch), unless it calls fetch itself.
# Seen:     each request looks whether its body is a FormData, by asking for the global of that name, also where there is no body. Node loads
#           undici when that global is first asked for: the first request of any SDK brings it in, some 10 MB of RSS.
# Matters:  a small program that runs for hours and asks one Azure service pays for two HTTP clients. A bundler that defines FormData as undefined
#           keeps the second one away.
# Versions: @azure/core-rest-pipeline 1.25.1 on Node 24.21.0, seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 @azure/core-rest-pipeline@1.25.1
cat >run.cjs <<'JS'
// Loaded by require: `import` of node:http asks for all that it exports, which loads undici as well.
const http = require('node:http')
const { createDefaultHttpClient, createPipelineFromOptions, createPipelineRequest } = require('@azure/core-rest-pipeline')

const hasFetchsClient = () => process.moduleLoadList.some((name) => name.includes('deps/undici/undici'))
const server = http.createServer((_, response) => response.end('{}'))
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`
  const [pipeline, client] = [createPipelineFromOptions({}), createDefaultHttpClient()]
  const before = hasFetchsClient()
  const { status } = await pipeline.sendRequest(client, createPipelineRequest({ url, allowInsecureConnection: true }))
  const after = hasFetchsClient()
  console.log(`Node ${process.version}: status ${status}; undici loaded before: ${before}, behind one GET: ${after}`)
  server.close()
  server.closeAllConnections()
  process.exitCode = before === false && after ? 0 : 1
})
JS
node_modules/node/bin/node run.cjs
