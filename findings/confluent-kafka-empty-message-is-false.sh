#!/usr/bin/env bash
# Expected: `if message:` after Consumer.poll() asks whether a message came, as poll() returns None when none did.
# Seen:     the truth of a Message is the length of its value: a record without a value (a tombstone) and one with an empty value count as
#           false. len(message) is that length too. `if message is not None:` is right.
# Matters:  a loop that begins with `if not message: continue` passes over every tombstone and says nothing: deleted keys live on in what it
#           fills. The offset is committed all the same, so they don't come again.
# Versions: confluent-kafka 2.16.1 (librdkafka 2.16.0), Python 3.11; seen 2026-11-29. https://github.com/confluentinc/confluent-kafka-python/issues/288
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check confluent-kafka==2.16.1
cat >run.py <<'PY'
import sys
import time
from confluent_kafka import Consumer, Producer, TopicPartition

# A broker inside the library, for tests.
producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
address = next(iter(producer.list_topics(timeout=30).brokers.values()))
broker = f"{address.host}:{address.port}"
for value in [b"on", None, b"", b"off"]:
    producer.produce("stations", key=b"station-1", value=value, partition=0)
producer.flush(30)

consumer = Consumer({"bootstrap.servers": broker, "group.id": "g", "log_level": 0})
consumer.assign([TopicPartition("stations", 0, 0)])
seen = []
limit = time.monotonic() + 30
while len(seen) < 4 and time.monotonic() < limit:
    message = consumer.poll(1)
    if message is not None:
        seen.append((message.value(), bool(message), len(message)))
consumer.close()
for value, truth, length in seen:
    print(f"value {value!r}: bool {truth}, len {length}")
if seen != [(b"on", True, 2), (None, False, 0), (b"", False, 0), (b"off", True, 3)]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
