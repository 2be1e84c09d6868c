"""
librdkafka and kafka-python read a partition from an offset to its end: `mixed-clients.py SERVERS CA PASSWORD HUB PARTITION OFFSET COUNT`.
Prints for each the records as [offset, kind of time, time, key, value, headers], bytes as hexadecimal digits.
"""
import json
import sys

import confluent_kafka
import kafka

servers, ca, password, hub, partition, offset, count = sys.argv[1:]
partition, offset, count = int(partition), int(offset), int(count)
hexed = lambda value: None if value is None else bytes(value).hex()


def with_librdkafka():
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": servers,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": ca,
        "sasl.mechanism": "PLAIN",
        "sasl.username": "$ConnectionString",
        "sasl.password": password,
        "check.crcs": True,
        "group.id": "mixed",
    })
    consumer.assign([confluent_kafka.TopicPartition(hub, partition, offset)])
    seen = []
    while len(seen) < count:
        messages = consumer.consume(count - len(seen), 30)
        if not messages:
            break
        for message in messages:
            assert message.error() is None, message.error()
            kind, time = message.timestamp()
            headers = [[name, hexed(value)] for name, value in message.headers() or []]
            seen.append([message.offset(), kind, time, hexed(message.key()), hexed(message.value()), headers])
    consumer.close()
    return seen


def with_kafka_python():
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=servers,
        security_protocol="SASL_SSL",
        ssl_cafile=ca,
        sasl_mechanism="PLAIN",
        sasl_plain_username="$ConnectionString",
        sasl_plain_password=password,
        check_crcs=True,
    )
    place = kafka.TopicPartition(hub, partition)
    consumer.assign([place])
    consumer.seek(place, offset)
    seen = []
    while len(seen) < count:
        batches = consumer.poll(30_000)
        if not batches:
            break
        for one in batches[place]:
            headers = [[name, hexed(value)] for name, value in one.headers]
            # Its 1 is librdkafka's 2: the time of the log.
            seen.append([one.offset, one.timestamp_type + 1, one.timestamp, hexed(one.key), hexed(one.value), headers])
    consumer.close()
    return seen


print(json.dumps({"librdkafka": with_librdkafka(), "kafka-python": with_kafka_python()}))
