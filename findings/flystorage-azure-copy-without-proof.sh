#!/usr/bin/env bash
# Expected: copyFile() and moveFile() of Flystorage's adapter for Azure copy a file of the container that write() and readToString() reach, with
#           the same client and key.
# Seen:     the adapter asks for a copy that is made at once (Copy Blob From URL) and names the source by its bare address. That operation reads
#           its source as any client would: public, or with a SAS or x-ms-copy-source-authorization. The request has neither, and the service
#           answers 401 CannotVerifyCopySource (azure-sdk-for-net, issue 32028). temporaryUrl() of the same adapter makes a SAS for reading.
# Matters:  writes, reads and lists work, and every copy or move of a private container fails, as containers are today.
# Versions: @flystorage/azure-storage-blob 1.2.0, @flystorage/file-storage 1.2.2, @azure/storage-blob 12.33.0 against a server of Node 24; seen
#           2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @flystorage/azure-storage-blob@1.2.0 @flystorage/file-storage@1.2.2 @azure/storage-blob@12.33.0
cat >run.mjs <<'JS'
import { createServer } from 'node:http'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { AzureStorageBlobStorageAdapter } from '@flystorage/azure-storage-blob'
import { FileStorage } from '@flystorage/file-storage'

/** Takes every write, and a copy at once only of a source that brings a proof, as the service does for a private container. */
const asked = []
const server = createServer((request, response) => {
  const { 'x-ms-copy-source': source, 'x-ms-requires-sync': isAtOnce } = request.headers
  if (source !== undefined)
    asked.push({
      isAtOnce,
      source: source.replace(/^.*\/mine\//, '…/'),
      proof: source.includes('sig=') || request.headers['x-ms-copy-source-authorization'] !== undefined,
    })
  const isRefused = isAtOnce === 'true' && !asked.at(-1).proof
  request.resume().on('end', () => {
    response.writeHead(isRefused ? 401 : source === undefined ? 201 : 202, {
      etag: '"1"', 'last-modified': new Date(0).toUTCString(), 'content-length': 0, ...(isRefused && { 'x-ms-error-code': 'CannotVerifyCopySource' }),
    })
    response.end()
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const container = new ContainerClient(`http://127.0.0.1:${server.address().port}/mine/box`, new StorageSharedKeyCredential('mine', 'a2V5'))
const files = new FileStorage(new AzureStorageBlobStorageAdapter(container))
const said = (run) => run.then(() => 'done', (error) => `${error.code}: ${error.cause?.code ?? error.message}`)
const seen = {
  write: await said(files.write('a.txt', 'content', { mimeType: 'text/plain' })),
  copyFile: await said(files.copyFile('a.txt', 'b.txt')),
  moveFile: await said(files.moveFile('a.txt', 'b.txt')),
  temporaryUrl: /[?&]sp=r(&|$)/.test(await files.temporaryUrl('a.txt', { expiresAt: Date.now() + 60_000 })) ? 'a SAS for reading' : 'no SAS',
}
const client = container.getBlobClient('b.txt')
const signed = await container.getBlobClient('a.txt').generateSasUrl({ expiresOn: new Date(Date.now() + 60_000), permissions: { toString: () => 'r' } })
seen['the client beneath, with such a SAS'] = await said(client.syncCopyFromURL(signed))
server.close()
server.closeAllConnections()
for (const [name, text] of Object.entries(seen)) console.log(`${name}: ${text}`)
console.log('copyFile sent:', JSON.stringify(asked[0]))
const same =
  seen.write === 'done' && seen['the client beneath, with such a SAS'] === 'done' && seen.temporaryUrl === 'a SAS for reading' &&
  [seen.copyFile, seen.moveFile].every((text) => /unable_to_(copy|move)_file/.test(text)) && asked[0].isAtOnce === 'true' && !asked[0].proof
if (!same) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node run.mjs
