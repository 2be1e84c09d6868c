#!/usr/bin/env bash
# Expected: a producer with `compression.type=gzip` sends gzip, or fails, or warns. Record batches of version 2 (Produce 3 and newer)
# carry gzip with every broker that takes them, so the lowest version that a broker names should not matter.
# Happens: librdkafka asks whether the broker supports Produce version 0. Against a broker that names Produce from version 3 on
# (Kafka removed the versions before it in 4.0), it sends the records uncompressed; only a debug line ("not compressing batch")
# says so, and the delivery report is a success. A broker that names version 0 gets gzip from the same client, in the same
# version of the request.
# Matters: kcat of Debian 12 has this librdkafka; 2.16 no longer does it. Apache Kafka 4 names Produce from 0 again for that reason.
# Versions: confluent-kafka 2.0.2 (librdkafka 2.0.2 inside), Python 3.11 (a wheel for another Python may be missing); seen 2026-11-28.
# The broker here is a stub of four answers on loopback; it knows nothing of the client but its bytes.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check confluent-kafka==2.0.2
cat >"$folder/look.py" <<'PYTHON'
import socket, struct, sys, threading
import confluent_kafka

TOPIC = b"t"
string = lambda text: struct.pack(">h", len(text)) + text


def serve(listener, lowest, seen):
    port = listener.getsockname()[1]
    versions = [(0, lowest, 7), (1, 4, 10), (3, 0, 4), (18, 0, 0), (10, 0, 0), (22, 0, 0)]

    def answer(key, version, body):
        if key == 18:
            # Versions that the stub does not know are answered in the first form, with "unsupported version".
            error = 0 if version == 0 else 35
            return struct.pack(">hi", error, len(versions)) + b"".join(struct.pack(">hhh", *one) for one in versions)
        if key == 3:
            broker = struct.pack(">ii", 1, 0) + string(b"localhost") + struct.pack(">i", port) + struct.pack(">h", -1)
            partition = struct.pack(">ihii", 1, 0, 0, 0) + struct.pack(">ii", 1, 0) + struct.pack(">ii", 1, 0)
            return struct.pack(">i", 0) + broker + struct.pack(">h", -1) + struct.pack(">iih", 0, 1, 0) + string(TOPIC) + b"\0" + partition
        if key == 0:
            # Behind transactional id, acks, timeout, one topic of one partition: the batch; its attributes stand at byte 21.
            start = 2 + 2 + 4 + 4 + len(string(TOPIC)) + 4 + 4 + 4
            seen.append((version, body[start + 22] & 7))
            return struct.pack(">i", 1) + string(TOPIC) + struct.pack(">iihqqqi", 1, 0, 0, 0, -1, 0, 0)

    def talk(client):
        while head := client.recv(4, socket.MSG_WAITALL):
            message = client.recv(struct.unpack(">i", head)[0], socket.MSG_WAITALL)
            key, version, correlation, length = struct.unpack(">hhih", message[:10])
            reply = struct.pack(">i", correlation) + answer(key, version, message[10 + max(length, 0):])
            client.sendall(struct.pack(">i", len(reply)) + reply)

    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return port


codecs = {}
for lowest in (0, 3):
    listener, seen, reports = socket.create_server(("127.0.0.1", 0)), [], []
    port = serve(listener, lowest, seen)
    producer = confluent_kafka.Producer({"bootstrap.servers": f"localhost:{port}", "broker.address.family": "v4",
                                         "compression.type": "gzip", "message.timeout.ms": 20000})
    producer.produce("t", b"the same again and again " * 200, on_delivery=lambda error, _: reports.append(error))
    producer.flush(30)
    listener.close()
    codecs[lowest] = seen[0][1] if seen else None
    print(f"Produce named from version {lowest}: sent in version {seen[0][0] if seen else '?'}, "
          f"{ {0: 'uncompressed', 1: 'gzip'}.get(codecs[lowest]) }, delivery error: {reports[0] if reports else 'none yet'}")
print("librdkafka", confluent_kafka.libversion()[0])
sys.exit(0 if codecs == {0: 1, 3: 0} else 1)
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
