#!/usr/bin/env bash
# Expected: a path has one form in a client. getFileClient('50%25 off').create() makes the file of that very name, percent sign and all: the client
#           encodes it, in JavaScript and in Python. So does a rename, at both of its ends.
# Seen:     each of the two gets one end wrong. JavaScript's move() takes its destination as encoded already: move('50%25 off') names the file
#           `50% off`, and move('what?now') names it `what` and sends a query. Python's rename_file() decodes its source first: the file that
#           it has made as `50%25 off` it looks for as `50% off`.
# Matters:  a rename of another file, or to another name, without an error, where a name has a percent sign before two hexadecimal digits. In
#           JavaScript encode the destination of move() yourself (encodeURIComponent for each segment), and in Python the source's client's path.
# Versions: @azure/storage-file-datalake 12.31.0 and azure-storage-file-datalake 12.26.1 for Python against a server of Node 24; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/storage-file-datalake@12.31.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-storage-file-datalake==12.26.1
cat >run.py <<'PY'
import sys
from azure.storage.filedatalake import DataLakeServiceClient

service = DataLakeServiceClient(sys.argv[1], credential={"account_name": "account", "account_key": "a2V5"})
for name in sys.argv[2:]:
    file = service.get_file_client("files", name)
    file.create_file()
    file.rename_file("files/" + name)
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { DataLakeServiceClient, StorageSharedKeyCredential } from '@azure/storage-file-datalake'

/** Keeps what each request makes, and what it renames to what, as the service reads it. */
const [made, renames] = [[], []]
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1')
  const name = (path) => decodeURIComponent(path).split('/').at(-1)
  const strange = [...searchParams.keys()].filter((key) => !['mode', 'continuation', 'timeout'].includes(key))
  const source = request.headers['x-ms-rename-source']
  if (source !== undefined) renames.push({ from: name(source), to: name(pathname), query: strange.join() })
  else made.push(name(pathname))
  response.writeHead(201, { 'x-ms-request-id': '1', 'content-length': 0 }).end()
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const endpoint = `http://127.0.0.1:${server.address().port}/account`
const NAMES = ['plain', 'a#1', '50%25 off', 'what?now']

// Each file is renamed to the name that it has.
const files = new DataLakeServiceClient(endpoint, new StorageSharedKeyCredential('account', 'a2V5')).getFileSystemClient('files')
for (const name of NAMES) {
  await files.getFileClient(name).create()
  await files.getFileClient(name).move(name)
}
const javaScript = renames.splice(0)
await promisify(execFile)('venv/bin/python', ['run.py', endpoint, ...NAMES])
const python = renames.splice(0)
server.close()
server.closeAllConnections()
const told = (all) => all.map(({ from, to, query }) => `${from} → ${to}${query === '' ? '' : ` with the query ${query}`}`).join('; ')
console.log(`made: ${made.join('; ')}`)
console.log(`JavaScript renames: ${told(javaScript)}`)
console.log(`Python renames: ${told(python)}`)
if (
  made.join() !== [...NAMES, ...NAMES].join() ||
  told(javaScript) !== 'plain → plain; a#1 → a#1; 50%25 off → 50% off; what?now → what with the query now' ||
  told(python) !== 'plain → plain; a#1 → a#1; 50% off → 50%25 off; what?now → what?now'
) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node run.mjs
