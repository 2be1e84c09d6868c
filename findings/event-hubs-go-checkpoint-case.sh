#!/usr/bin/env bash
# Expected: a consumer in Go goes on where one in JavaScript, Python, .NET or Java of the same hub and group stopped, and shares the partitions
#           with them: the checkpoint stores of all SDKs write the same blobs (NAMESPACE/HUB/GROUP/checkpoint/PARTITION).
# Seen:     the others put namespace, hub and group in lower case, since Event Hubs does not tell them apart by case; Go keeps them as
#           they are given. With the default group, which every SDK calls $Default, Go writes $Default where the others write $default, and
#           blobs are told apart by case: neither finds the other's checkpoint or ownership.
# Matters:  moving a consumer to Go reads the hub from the beginning (or its newest event) again, and a Go consumer beside another one owns all
#           partitions, as the other does: everything is read twice. "$default" given as Go's group brings them together.
# Versions: .NET and Java by their sources; run: Go azeventhubs/v2 2.0.2 (checkpoints/blob_store.go), @azure/eventhubs-checkpointstore-blob 2.0.0,
#           azure-eventhub-checkpointstoreblob 1.2.0 for Python; seen 2026-11-29. Needs Go.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/eventhubs-checkpointstore-blob@2.0.0 @azure/storage-blob@12.34.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub-checkpointstoreblob==1.2.0 azure-eventhub==5.15.1
printf 'module finding\ngo 1.24\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2/checkpoints"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// go run . ADDRESS GROUP PARTITION: writes a checkpoint for the partition, and prints how many it finds.
func main() {
	client, err := container.NewClientWithNoCredential(os.Args[1]+"/checkpoints", nil)
	check(err)
	store, err := checkpoints.NewBlobStore(client, nil)
	check(err)
	namespace, group := "n.servicebus.windows.net", os.Args[2]
	number, offset := int64(7), "700"
	check(store.SetCheckpoint(context.Background(), azeventhubs.Checkpoint{
		FullyQualifiedNamespace: namespace, EventHubName: "weather", ConsumerGroup: group,
		PartitionID: os.Args[3], SequenceNumber: &number, Offset: &offset,
	}, nil))
	found, err := store.ListCheckpoints(context.Background(), namespace, "weather", group, nil)
	check(err)
	fmt.Println(len(found))
}
GO
go get github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2@v2.0.2 >go.log 2>&1 || { cat go.log >&2; exit 1; }
go mod tidy >go.log 2>&1 || { cat go.log >&2; exit 1; }
go build -o go-consumer .
cat >run.py <<'PY'
import sys

from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore

address, group, partition = sys.argv[1:]
hub = {"fully_qualified_namespace": "n.servicebus.windows.net", "eventhub_name": "weather", "consumer_group": group}
store = BlobCheckpointStore(address, "checkpoints")
store.update_checkpoint({**hub, "partition_id": partition, "sequence_number": 7, "offset": "700"})
print(len(list(store.list_checkpoints(*hub.values()))))
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob'
import { ContainerClient } from '@azure/storage-blob'

/** The part of a blob service that a checkpoint store needs: put, metadata, list by prefix. */
const blobs = new Map()
const server = createServer((request, response) => {
  request.resume()
  const url = new URL(request.url, 'http://host')
  const name = decodeURIComponent(url.pathname.split('/').slice(3).join('/'))
  const headers = { etag: '"1"', 'last-modified': new Date().toUTCString() }
  if (request.method === 'PUT') {
    if (url.searchParams.get('comp') === 'metadata' && !blobs.has(name))
      return response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end()
    const metadata = Object.entries(request.headers).filter(([header]) => header.startsWith('x-ms-meta-'))
    blobs.set(name, metadata.map(([header, value]) => [header.slice('x-ms-meta-'.length), value]))
    return response.writeHead(url.searchParams.has('comp') ? 200 : 201, headers).end()
  }
  const items = [...blobs].filter(([one]) => one.startsWith(url.searchParams.get('prefix') ?? '')).sort().map(([one, metadata]) => {
    const texts = metadata.map(([key, value]) => `<${key}>${value}</${key}>`).join('')
    const properties = `<Last-Modified>${headers['last-modified']}</Last-Modified><Etag>1</Etag><BlobType>BlockBlob</BlobType>`
    return `<Blob><Name>${one}</Name><Properties>${properties}</Properties><Metadata>${texts}</Metadata></Blob>`
  })
  response.writeHead(200, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="checkpoints"><Blobs>${items.join('')}</Blobs><NextMarker /></EnumerationResults>`)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = `http://127.0.0.1:${server.address().port}/account`
const run = async (...command) => Number((await promisify(execFile)(command[0], command.slice(1))).stdout)
const consumers = {
  JavaScript: async (group) => {
    const store = new BlobCheckpointStore(new ContainerClient(`${address}/checkpoints`))
    const hub = { fullyQualifiedNamespace: 'n.servicebus.windows.net', eventHubName: 'weather', consumerGroup: group }
    await store.updateCheckpoint({ ...hub, partitionId: '0', sequenceNumber: 7, offset: '700' })
    return (await store.listCheckpoints(...Object.values(hub))).length
  },
  Python: (group) => run('venv/bin/python', 'run.py', address, group, '1'),
  Go: (group) => run('./go-consumer', address, group, '2'),
}
const seen = []
for (const group of ['$Default', '$default']) {
  blobs.clear()
  for (const [name, consume] of Object.entries(consumers)) {
    const before = new Set(blobs.keys())
    const found = await consume(group)
    const [written] = [...blobs.keys()].filter((one) => !before.has(one))
    console.log(`group ${group}, ${name}: writes ${written}, finds ${found} of ${blobs.size} checkpoints`)
    seen.push(`${written.split('/')[2]} ${found}`)
  }
}
server.close()
if (seen.join() !== '$default 1,$default 2,$Default 1,$default 1,$default 2,$default 3') {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 node run.mjs
