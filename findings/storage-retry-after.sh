#!/usr/bin/env bash
# Expected: a storage client that is told to slow down does as every other Azure client does, whose shared pipeline (core-rest-pipeline,
#           azure-core) asks again after 408, 429 and 503, and for the last two waits as long as Retry-After says; and the two SDKs do the same.
# Seen:     storage has a retry policy of its own, which never reads Retry-After: after a 503 it asks again when its own interval is over. A
#           429, the status that the header was made for, is thrown at once by both. A 408 is tried again by Python and thrown by
#           JavaScript.
# Matters:  a proxy, gateway or emulator that throttles by the book with 429 gets no second request, and one with 503 gets it too early.
# Versions: @azure/storage-file-datalake 12.31.0, @azure/core-rest-pipeline 1.25.1, azure-storage-blob 12.31.1; Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/storage-file-datalake@12.31.0 @azure/core-rest-pipeline@1.25.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-storage-blob==12.31.1
cat >server.mjs <<'JS'
import http from 'node:http'

/** Answers each first request to a path as the path says, /STATUS/…, with Retry-After: 2; the next one well. */
export async function server() {
  const asked = new Map()
  const one = http.createServer(({ url }, response) => {
    const path = new URL(url, 'http://host').pathname
    if (path === '/times') return response.end(JSON.stringify(asked.get(new URL(url, 'http://host').searchParams.get('of')) ?? []))
    const times = asked.get(path) ?? []
    asked.set(path, [...times, Date.now()])
    const status = times.length > 0 ? 200 : Number(/\d{3}/.exec(path)[0])
    response.writeHead(status, {
      ...(status === 200 ? {} : { 'retry-after': '2' }),
      'last-modified': new Date(0).toUTCString(), etag: '"1"', 'x-ms-blob-type': 'BlockBlob', 'content-length': 0,
    })
    response.end()
  })
  await new Promise((resolve) => one.listen(0, '127.0.0.1', resolve))
  return { base: `http://127.0.0.1:${one.address().port}`, asked, close: () => one.close() }
}
JS
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { DataLakeServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-datalake'
import { createDefaultHttpClient, createPipelineFromOptions, createPipelineRequest } from '@azure/core-rest-pipeline'
import { server } from './server.mjs'

const { base, asked, close } = await server()
const told = (times) => (times.length < 2 ? 'not asked again' : times[1] - times[0] < 1500 ? 'asked again too early' : 'asked again when told')
const options = { retryDelayInMs: 10, maxRetryDelayInMs: 50 }
const storage = new DataLakeServiceClient(`${base}/js`, new StorageSharedKeyCredential('js', 'a2V5'), { retryOptions: options })
const pipeline = createPipelineFromOptions({ retryOptions: options })
const clients = {
  core: (status) => pipeline.sendRequest(createDefaultHttpClient(), createPipelineRequest({ url: `${base}/core/${status}`, method: 'HEAD', allowInsecureConnection: true })),
  js: (status) => storage.getFileSystemClient(String(status)).getProperties(),
  python: (status) => promisify(execFile)('venv/bin/python', ['run.py', base, String(status)]),
}
const seen = []
for (const [name, ask] of Object.entries(clients))
  for (const status of [408, 429, 503]) {
    await ask(status).catch(() => {})
    const line = `${name} ${status}: ${told(asked.get(`/${name}/${status}`) ?? [])}`
    console.log(line)
    seen.push(line)
  }
close()
const wanted = [
  'core 408: asked again too early', 'core 429: asked again when told', 'core 503: asked again when told',
  'js 408: not asked again', 'js 429: not asked again', 'js 503: asked again too early',
  'python 408: asked again too early', 'python 429: not asked again', 'python 503: asked again too early',
]
if (seen.join() !== wanted.join()) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
cat >run.py <<'PY'
import sys
from azure.storage.blob import BlobServiceClient, ExponentialRetry

base, status = sys.argv[1:]
client = BlobServiceClient(f"{base}/python", credential={"account_name": "python", "account_key": "a2V5"},
                           retry_policy=ExponentialRetry(initial_backoff=0, increment_base=0, random_jitter_range=0))
client.get_container_client(status).get_container_properties()
PY
node run.mjs
