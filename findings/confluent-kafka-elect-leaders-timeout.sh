#!/usr/bin/env bash
# Expected: AdminClient.elect_leaders(type, partitions, request_timeout=…) takes the timeouts that its documentation names, as the other calls do.
# Seen:     with request_timeout or operation_timeout alone it raises SystemError ("more argument specifiers than keyword list entries"), with both
#           TypeError, before anything is sent: the list of keywords in the binding is one shorter than its format. Without either it works.
# Matters:  nothing but the client's own default bounds an election, and what is raised is none of the errors that the documentation lists
#           (KafkaException, TypeError, ValueError), so a tool that catches those ends.
# Versions: confluent-kafka 2.16.1 (librdkafka 2.16.0), Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check confluent-kafka==2.16.1
cat >run.py <<'PY'
import sys
from confluent_kafka import ElectionType, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

# A broker inside the library, for tests.
producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
address = next(iter(producer.list_topics(timeout=30).brokers.values()))
admin = AdminClient({"bootstrap.servers": f"{address.host}:{address.port}", "log_level": 0})


def outcome(**timeouts):
    try:
        admin.elect_leaders(ElectionType.PREFERRED, [TopicPartition("stations", 0)], **timeouts)
        return "a future"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


calls = [{}, {"request_timeout": 5.0}, {"operation_timeout": 5.0}, {"request_timeout": 5.0, "operation_timeout": 5.0}]
seen = [outcome(**timeouts) for timeouts in calls]
for timeouts, what in zip(calls, seen):
    print(f"elect_leaders with {', '.join(timeouts) or 'no timeout'}: {what}")
kinds = [what.split(":")[0] for what in seen]
# Another call with the same word.
print("list_consumer_groups with request_timeout:", type(admin.list_consumer_groups(request_timeout=5.0)).__name__)
if kinds != ["a future", "SystemError", "SystemError", "TypeError"]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
