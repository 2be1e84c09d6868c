#!/usr/bin/env bash
# Expected: http_proxy={"proxy_hostname": …, "proxy_port": …}, as the client's documentation has it, sends AMQP over WebSockets through that
#           proxy, whether the client is the one of azure.eventhub or of azure.eventhub.aio.
# Seen:     azure.eventhub calls the proxy (CONNECT). azure.eventhub.aio hands "host:port" to aiohttp, which wants a URL: the proxy hears
#           nothing, and the error is an EventHubError whose whole text is that host and port. "http://" before proxy_hostname helps the
#           asynchronous client, and breaks the other.
# Matters:  a program that is moved to asyncio behind a company's proxy loses its way out, and the error looks as if the proxy were down.
# Versions: azure-eventhub 5.15.1, aiohttp 3.14.5, websocket-client 1.9.2, Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1 aiohttp==3.14.5 websocket-client==1.9.2
cat >run.py <<'PY'
import asyncio, logging, socket, sys, threading
from azure.eventhub import EventHubProducerClient, TransportType
from azure.eventhub.aio import EventHubProducerClient as AsyncProducer

logging.disable(logging.CRITICAL)
heard = []
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]

def proxy():
    while True:
        connection, _ = server.accept()
        heard.append(connection.recv(7))
        connection.close()

threading.Thread(target=proxy, daemon=True).start()
string = "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=a2V5;EntityPath=hub"

def options(host):
    return dict(
        transport_type=TransportType.AmqpOverWebsocket, retry_total=0, auth_timeout=5,
        http_proxy={"proxy_hostname": host, "proxy_port": port},
    )

def plain(host):
    with EventHubProducerClient.from_connection_string(string, **options(host)) as client:
        client.get_partition_ids()

def aio(host):
    async def ask():
        async with AsyncProducer.from_connection_string(string, **options(host)) as client:
            await client.get_partition_ids()
    asyncio.run(ask())

seen = []
for name, call in {"azure.eventhub": plain, "azure.eventhub.aio": aio}.items():
    for host in ("127.0.0.1", "http://127.0.0.1"):
        heard.clear()
        try:
            call(host)
        except Exception as error:  # Nobody lets anyone through here: only who was called counts.
            text = f"{type(error).__name__}: {str(error).splitlines()[0][:70]}"
        seen.append(b"CONNECT" in heard)
        print(f"{name}, proxy_hostname {host}: proxy {'called' if seen[-1] else 'NOT called'} ({text})")
if seen != [True, False, False, True]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>/dev/null
