#!/usr/bin/env bash
# Expected: an application property that is a Python int becomes an AMQP long where it needs more than 32 bits, as JavaScript's client
#           does it with a number: a time in milliseconds is the usual case.
# Seen:     every int is an AMQP int of 32 bits. From 2147483648 on, adding the event to a batch ends with ValueError "Value supplied for int
#           invalid", which names neither the event nor the property. An int in the body (AmqpAnnotatedMessage, value_body) does the same.
#           {"TYPE": "LONG", "VALUE": n} in its place is sent as a long.
# Matters:  code that was tried with small numbers ends the day it is given a time; and what went before it in the batch is not sent.
# Versions: azure-eventhub 5.15.1 (_pyamqp/_encode.py, encode_unknown), Python 3.11; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1
cat >run.py <<'PY'
import sys
from azure.eventhub import EventData, EventDataBatch
from azure.eventhub.amqp import AmqpAnnotatedMessage


def added(event):
    try:
        EventDataBatch(max_size_in_bytes=10_000).add(event)
        return "added"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def with_property(value):
    event = EventData("{}")
    event.properties = {"createdAt": value}
    return event


seen = [
    ("property 2147483647", added(with_property(2**31 - 1))),
    ("property 1764000000000", added(with_property(1_764_000_000_000))),
    ("property LONG 1764000000000", added(with_property({"TYPE": "LONG", "VALUE": 1_764_000_000_000}))),
    ("body 1764000000000", added(AmqpAnnotatedMessage(value_body=1_764_000_000_000))),
]
for line in seen:
    print(*line, sep=": ")
refused = "ValueError: Value supplied for int invalid: 1764000000000"
if [said for _, said in seen] != ["added", refused, "added", refused]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
