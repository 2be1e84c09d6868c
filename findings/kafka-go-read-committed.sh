#!/usr/bin/env bash
# Expected: with IsolationLevel ReadCommitted "only non-transactional and committed records are visible" (kafka-go, ReaderConfig): a record of an
#           aborted transaction, whose producer and first offset the broker names beside the batches for the client to leave out, is not shown.
#           Control batches, which mark the end of a transaction, are never shown (kafka.apache.org/documentation, Control Batches).
# Seen:     kafka-go shows both, with either level. A marker is a message with a key of four bytes and no text in its value; nothing of a
#           Message tells it, or an aborted record, from the others. franz-go shows neither at the same broker.
# Matters:  a Reader behind a producer with exactly-once (Flink, Kafka Streams) counts what was taken back, and each transaction once more.
# Versions: github.com/segmentio/kafka-go 0.4.51, github.com/twmb/franz-go 1.22.3, Go 1.26, Python 3.11 (the broker, of a dozen answers on
#           loopback); seen 2026-11-29. Needs Go. https://github.com/segmentio/kafka-go/issues/1332
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
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

// Both read until the last record, which is outside of any transaction.
func main() {
	limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	show := func(offset int64, value []byte) bool {
		fmt.Print(offset, " ")
		return string(value) == "last"
	}
	if os.Args[1] == "kafka-go" {
		settings := kafka.ReaderConfig{Brokers: []string{os.Args[2]}, Topic: "t", MaxWait: 200 * time.Millisecond, IsolationLevel: kafka.ReadCommitted}
		for reader := kafka.NewReader(settings); ; {
			message, err := reader.ReadMessage(limit)
			if err != nil {
				panic(err)
			}
			if show(message.Offset, message.Value) {
				return
			}
		}
	}
	from := map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(0)}}
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[2]), kgo.ConsumePartitions(from), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		panic(err)
	}
	for limit.Err() == nil {
		for _, record := range client.PollFetches(limit).Records() {
			if show(record.Offset, record.Value) {
				return
			}
		}
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o look .
cat >run.py <<'PY'
import struct, subprocess, sys
from broker import batch, serve

TRANSACTIONAL, CONTROL, PRODUCER = 16, 32, 7
marker = lambda kind: struct.pack(">hh", 0, kind)
ABORT, COMMIT = marker(0), marker(1)
end = struct.pack(">hi", 0, 0)
batches = [
    batch(0, TRANSACTIONAL, None, b"aborted", producer=PRODUCER),
    batch(1, TRANSACTIONAL | CONTROL, ABORT, end, producer=PRODUCER),
    batch(2, TRANSACTIONAL, None, b"committed", producer=PRODUCER),
    batch(3, TRANSACTIONAL | CONTROL, COMMIT, end, producer=PRODUCER),
    batch(4, 0, None, b"last"),
]
broker = f"127.0.0.1:{serve(batches, aborted=[(PRODUCER, 0)])}"
print("written: 0 aborted, 1 the marker of it, 2 committed, 3 the marker of it, 4 without a transaction")
seen = {}
for name in ("franz-go", "kafka-go"):
    ran = subprocess.run(["./look", name, broker], capture_output=True, text=True, timeout=30)
    seen[name] = ran.stdout.strip() or ran.stderr[-300:]
    print(f"{name}, ReadCommitted: {seen[name]}")
if list(seen.values()) != ["2 4", "0 1 2 3 4"]:
    sys.exit("The behaviour has changed.")
PY
python3 run.py
