#!/usr/bin/env bash
# Expected: the application properties that a Python producer set are those that a Python consumer reads: event.properties["city"].
# Seen:     names and texts come back as bytes, a datetime as an int of milliseconds: a str is sent as an AMQP string, and a received one is
#           not decoded, while message_id and content_type are text again. properties["city"] is a KeyError.
# Matters:  a filter on a property, written beside its producer and never wrong there, matches nothing in the consumer; text that is sent on
#           becomes binary for the next reader.
# Versions: azure-eventhub 5.15.1 (_pyamqp/_decode.py), Python 3.11; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1
cat >run.py <<'PY'
import sys
from datetime import datetime, timezone

from azure.eventhub import EventData
from azure.eventhub._pyamqp._decode import decode_payload
from azure.eventhub._pyamqp._encode import encode_payload
from azure.eventhub._transport._pyamqp_transport import PyamqpTransport

sent = EventData("{}")
sent.message_id = "m1"
sent.properties = {"city": "Oslo", "count": 5, "at": datetime(2026, 1, 1, tzinfo=timezone.utc)}
# What the producer writes, and what the consumer makes of it.
wire = bytearray()
encode_payload(wire, PyamqpTransport.to_outgoing_amqp_message(sent.raw_amqp_message))
received = EventData._from_message(decode_payload(memoryview(bytes(wire))))
print("sent    ", sent.properties, sent.message_id)
print("received", received.properties, received.message_id)
if received.properties != {b"city": b"Oslo", b"count": 5, b"at": 1767225600000} or received.message_id != "m1":
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
