#!/usr/bin/env bash
# Expected: the time of a record is what the broker says it is: in a topic with message.timestamp.type=LogAppendTime the batch has that bit in its
#           attributes, and all of its records the batch's maxTimestamp (kafka.apache.org/documentation, Record Batch; KIP-32), whatever the
#           producer wrote beside each. kafkajs, franz-go, sarama, kafka-python and aiokafka show it so.
# Seen:     segmentio's kafka-go and @platformatic/kafka show the producer's time, of first timestamp and delta; neither looks at the bit, and no
#           field has the other time.
# Matters:  such a topic is made because producers' clocks are not to be trusted; delays and windows are then computed from just these, and
#           a consumer in another language, beside it, has other times for the same records.
# Versions: github.com/segmentio/kafka-go 0.4.51, @platformatic/kafka 2.12.1; kafkajs 2.2.4 and github.com/twmb/franz-go 1.22.3 for comparison; Go
#           1.26, Node 24, Python 3.11 (the broker, of a dozen answers on loopback); seen 2026-11-29. Needs Go.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @platformatic/kafka@2.12.1 kafkajs@2.2.4
go mod init look >/dev/null 2>&1
go get github.com/segmentio/kafka-go@v0.4.51 github.com/twmb/franz-go@v1.22.3 >/dev/null 2>&1
cat >broker.py <<'PY'
import socket, struct, threading

# One version of each request, the lowest that brings record batches of version 2, keeps the answers short.
VERSIONS = {1: 5, 2: 1, 3: 1, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 18: 1}

def text(value):
    return struct.pack(">h", len(value)) + value

def checksum(data):
    """CRC-32C."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF

def batch(offset, attributes, key, value, first=1_700_000_000_000, last=1_700_000_000_000, producer=-1):
    """A record batch of one record (kafka.apache.org/documentation, Record Batch). All lengths are below 64: a varint of one byte."""
    part = lambda data: b"\x01" if data is None else bytes([2 * len(data)]) + data
    record = b"\0\0\0" + part(key) + part(value) + b"\0"
    body = struct.pack(">hiqqqhii", attributes, 0, first, last, producer, 0 if producer > 0 else -1, -1, 1) + part(record)
    rest = struct.pack(">ibI", 0, 2, checksum(body)) + body
    return offset, struct.pack(">qi", offset, len(rest)) + rest

def serve(batches, aborted=()):
    """A broker of one topic t with one partition; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    port, end = listener.getsockname()[1], len(batches)

    def answer(key, version, body):
        if key == 18:
            named = b"".join(struct.pack(">hhh", one, number, number) for one, number in VERSIONS.items())
            # A version that is not known here is answered in the first form, with "unsupported version".
            return struct.pack(">hi", 35 if version > 1 else 0, len(VERSIONS)) + named + (bytes(4) if version == 1 else b"")
        if key == 3:
            broker = struct.pack(">ii", 1, 1) + text(b"127.0.0.1") + struct.pack(">ih", port, -1)
            partition = struct.pack(">ihiiiiii", 1, 0, 0, 1, 1, 1, 1, 1)
            return broker + struct.pack(">iih", 1, 1, 0) + text(b"t") + b"\0" + partition
        if key == 2:
            asked = struct.unpack(">q", body[-8:])[0]
            return struct.pack(">i", 1) + text(b"t") + struct.pack(">iihqq", 1, 0, 0, -1, 0 if asked == -2 else end)
        if key == 1:
            # Behind the partition: its offset, the log's start, the most bytes.
            asked = struct.unpack(">q", body[-20:-12])[0]
            records = b"".join(one for offset, one in batches if offset >= asked)
            head = struct.pack(">ii", 0, 1) + text(b"t") + struct.pack(">iihqqq", 1, 0, 0, end, end, 0)
            left = struct.pack(">i", len(aborted)) + b"".join(struct.pack(">qq", *one) for one in aborted)
            return head + left + struct.pack(">i", len(records)) + records
        if key == 10:
            return struct.pack(">hi", 0, 1) + text(b"127.0.0.1") + struct.pack(">i", port)
        if key == 11:
            # The only member leads. Its first protocol is chosen; the list of them stands behind three texts and a number.
            place, texts = 0, []
            for gap in (4, 0, 4, 0):
                size = struct.unpack(">h", body[place:place + 2])[0]
                texts.append(body[place + 2:place + 2 + size])
                place += 2 + size + gap
            size = struct.unpack(">i", body[place:place + 4])[0]
            member = text(b"m") * 2 + struct.pack(">i", 1) + text(b"m") + body[place:place + 4 + size]
            return struct.pack(">hi", 0, 1) + text(texts[3]) + member
        if key == 14:
            mine = struct.pack(">hi", 0, 1) + text(b"t") + struct.pack(">iii", 1, 0, -1)
            return struct.pack(">hi", 0, len(mine)) + mine
        if key == 9:
            return struct.pack(">i", 1) + text(b"t") + struct.pack(">iiq", 1, 0, -1) + text(b"") + struct.pack(">h", 0)
        return struct.pack(">h", 0)

    def talk(client):
        while head := client.recv(4, socket.MSG_WAITALL):
            message = client.recv(struct.unpack(">i", head)[0], socket.MSG_WAITALL)
            key, version, correlation, length = struct.unpack(">hhih", message[:10])
            reply = struct.pack(">i", correlation) + answer(key, version, message[10 + max(length, 0):])
            client.sendall(struct.pack(">i", len(reply)) + reply)

    def quietly(client):
        try:
            talk(client)
        except OSError:
            pass

    def accept():
        while True:
            threading.Thread(target=quietly, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return port
PY
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if os.Args[1] == "kafka-go" {
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{os.Args[2]}, Topic: "t", MaxWait: 200 * time.Millisecond})
		message, err := reader.ReadMessage(limit)
		if err != nil {
			panic(err)
		}
		fmt.Println(message.Time.UnixMilli())
		return
	}
	from := map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(0)}}
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[2]), kgo.ConsumePartitions(from))
	if err != nil {
		panic(err)
	}
	fmt.Println(client.PollFetches(limit).Records()[0].Timestamp.UnixMilli())
}
GO
go mod tidy >/dev/null 2>&1
go build -o look .
cat >look.mjs <<'JS'
const [which, broker] = process.argv.slice(2)
const seen = (time) => {
  console.log(String(time))
  process.exit(0)
}
if (which === 'kafkajs') {
  const { Kafka, logLevel } = (await import('kafkajs')).default
  const consumer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).consumer({ groupId: 'g', maxWaitTimeInMs: 200 })
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => seen(message.timestamp) })
} else {
  const { Consumer } = await import('@platformatic/kafka')
  const consumer = new Consumer({ groupId: 'g', clientId: 'c', bootstrapBrokers: [broker], maxWaitTime: 200 })
  const stream = await consumer.consume({ topics: ['t'], mode: 'earliest', autocommit: false })
  stream.on('data', ({ timestamp }) => seen(timestamp))
}
JS
cat >run.py <<'PY'
import subprocess, sys
from broker import batch, serve

BROKERS, PRODUCERS = 1_800_000_000_000, 1_700_000_000_000
LOG_APPEND_TIME = 8
broker = f"127.0.0.1:{serve([batch(0, LOG_APPEND_TIME, None, b'v', first=PRODUCERS, last=BROKERS)])}"
seen = {}
for name, command in {"franz-go": ["./look"], "kafka-go": ["./look"], "kafkajs": ["node", "look.mjs"], "platformatic": ["node", "look.mjs"]}.items():
    ran = subprocess.run([*command, name, broker], capture_output=True, text=True, timeout=30)
    time = ran.stdout.strip() or ran.stderr[-300:]
    seen[name] = {str(BROKERS): "the broker's", str(PRODUCERS): "the producer's"}.get(time, time)
    print(f"{name}: {seen[name]}")
if list(seen.values()) != ["the broker's", "the producer's", "the broker's", "the producer's"]:
    sys.exit("The behaviour has changed.")
PY
python3 run.py
