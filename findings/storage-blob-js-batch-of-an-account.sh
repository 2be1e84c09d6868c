#!/usr/bin/env bash
# Expected: a batch client that is got from the service's client deletes blobs of any container, whichever form the account's address has.
# Seen:     it asks for a batch of the account (POST /?comp=batch) only where the address has no path. With the account in the path, as
#           Azurite's address and every IP's have it, it asks for a batch of a container (restype=container), and names the account as one.
# Matters:  the same lines work on https://account.blob.core.windows.net; on an emulator that keeps to the reference they are told of a
#           container that nobody made, or that such a request does not exist. The containers' own clients make batches that work.
# Versions: @azure/storage-blob 12.33.0, Node 24.21; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @azure/storage-blob@12.33.0
cat >run.mjs <<'JS'
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'

const key = new StorageSharedKeyCredential('acc', Buffer.from('a key of nothing').toString('base64'))

/** Nothing is sent: the first request is kept, and ended. */
async function asked(address) {
  let url
  const httpClient = { sendRequest: async (request) => { url = request.url; throw new Error('kept') } }
  const service = new BlobServiceClient(address, key, { httpClient, retryOptions: { maxTries: 1 } })
  const blob = service.getContainerClient('box').getBlobClient('a.txt')
  await service.getBlobBatchClient().deleteBlobs([blob]).catch(() => {})
  const { pathname, search } = new URL(url)
  return `POST ${pathname}${search}`
}

const seen = [await asked('https://acc.blob.core.windows.net'), await asked('http://127.0.0.1:10000/acc')]
console.log('account in the host:', seen[0])
console.log('account in the path:', seen[1])
const [ofHost, ofPath] = seen.map((one) => one.includes('restype=container'))
if (ofHost || !ofPath) {
  console.log('The behaviour has changed.')
  process.exitCode = 1
}
JS
node run.mjs
