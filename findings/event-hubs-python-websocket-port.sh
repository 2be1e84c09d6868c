#!/usr/bin/env bash
# Expected: the port in a connection string (Endpoint=sb://localhost:PORT, which the emulator's strings have) is where the client
#           connects, whatever the transport; so it is over AMQP.
# Seen:     with TransportType.AmqpOverWebsocket the port is dropped: nothing reaches the address of the string. The port counts only
#           when the same address is given once more as custom_endpoint_address.
# Matters:  behind a proxy that lets only WebSockets pass, a connection string that works over AMQP fails with "connection refused".
# Versions: azure-eventhub 5.15.1 (_pyamqp), websocket-client 1.9.2, Python 3.11; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1 websocket-client==1.9.2
cat >run.py <<'PY'
import socket, sys, threading
from azure.eventhub import EventHubProducerClient, TransportType

heard = []
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]

def listen():
    while True:
        connection, _ = server.accept()
        heard.append(connection.recv(8)[:4])
        connection.close()

threading.Thread(target=listen, daemon=True).start()
string = f"Endpoint=sb://localhost:{port};SharedAccessKeyName=n;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;EntityPath=hub"

def reached(**options):
    heard.clear()
    try:
        with EventHubProducerClient.from_connection_string(string, retry_total=0, auth_timeout=5, **options) as client:
            client.get_partition_ids()
    except Exception:
        pass  # Nobody speaks AMQP here: only who was called counts.
    return bool(heard)

seen = {
    "AMQP": reached(),
    "WebSockets": reached(transport_type=TransportType.AmqpOverWebsocket),
    "WebSockets, custom_endpoint_address": reached(
        transport_type=TransportType.AmqpOverWebsocket, custom_endpoint_address=f"sb://localhost:{port}"
    ),
}
for how, is_reached in seen.items():
    print(f"{how}: the port of the connection string is {'called' if is_reached else 'NOT called'}")
if list(seen.values()) != [True, False, True]:
    sys.exit("The behaviour has changed.")
PY
NO_PROXY=localhost no_proxy=localhost venv/bin/python run.py
