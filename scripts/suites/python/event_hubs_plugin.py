"""Puts azure-eventhub's own live tests onto the built program: what they take from Azure's management and from their
repository's helpers is answered here. For each test a hub of its own, on the ports that a host name without one means."""

import asyncio
import importlib.machinery
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import types
from types import SimpleNamespace

BASE = os.environ["RTSTREAM_SUITE_FOLDER"]
PROGRAM = json.loads(os.environ["RTSTREAM_SUITE_PROGRAM"])
# Made by the runner: the certificate that all the hubs have.
KEYS = os.environ["RTSTREAM_SUITE_KEYS"]
HUB_PORT = 5671
WEBSOCKET_PORT = 443


def module(name, **members):
    made = types.ModuleType(name)
    made.__spec__ = importlib.machinery.ModuleSpec(name, None)
    made.__path__ = []
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


class Token:
    def __init__(self, value):
        self.token = value
        self.expires_on = 4102444800


class Credential:
    def get_token(self, *scopes, **options):
        return Token(Hub.token)

    def close(self):
        pass


class AsyncCredential:
    async def get_token(self, *scopes, **options):
        return Token(Hub.token)

    async def close(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *reason):
        pass


class Hub:
    """The program that serves the present test."""

    process = None
    folder = None
    token = ""
    key = ""
    name = ""

    @classmethod
    def start(cls, partitions):
        cls.stop()
        cls.folder = os.path.join(BASE, "data")
        os.makedirs(os.path.join(cls.folder, "local"))
        shutil.copy(os.path.join(KEYS, "local", "keys.json"), os.path.join(cls.folder, "local"))
        options = ["--keys", "kept", "--partitions", str(partitions), "--hub-tls-port", str(HUB_PORT)]
        cls.process = subprocess.Popen(
            [*PROGRAM, "serve", "--json", "--data-dir", cls.folder, *options], stdout=subprocess.PIPE, text=True
        )
        endpoints = json.loads(cls.process.stdout.readline())
        cls.token = endpoints["token"]
        cls.name = endpoints["eventHub"]
        parts = dict(part.split("=", 1) for part in endpoints["eventHubsConnectionString"].split(";"))
        cls.key = parts["SharedAccessKey"]

    @classmethod
    def stop(cls):
        if cls.process:
            cls.process.terminate()
            cls.process.wait()
        if cls.folder:
            shutil.rmtree(cls.folder, ignore_errors=True)
        cls.process = cls.folder = None


class EventHubs:
    def create_or_update(self, group, namespace, name, parameters):
        if isinstance(parameters, dict):
            Hub.start(parameters["partition_count"])
        return SimpleNamespace(name=Hub.name)

    def delete(self, *names):
        Hub.stop()

    def get(self, *names):
        raise NotImplementedError("the local services have no management of hubs")


class Namespaces:
    def list_keys(self, *names):
        key = json.load(open(os.path.join(KEYS, "local", "keys.json")))["secrets"]["hubKey"]
        return SimpleNamespace(
            primary_connection_string=f"Endpoint=sb://localhost/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key}",
            key_name="RootManageSharedAccessKey",
            primary_key=key,
        )


class EventHubManagementClient:
    def __init__(self, *args, **options):
        self.event_hubs = EventHubs()
        self.namespaces = Namespaces()


def forward():
    """WebSockets go to the port of https when a host name has none."""
    try:
        server = socket.create_server(("127.0.0.1", WEBSOCKET_PORT))
    except OSError as error:
        print(f"WebSockets cannot be tested: port {WEBSOCKET_PORT}: {error}", file=sys.stderr)
        return

    async def serve():
        async def pipe(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            writer.close()

        async def take(reader, writer):
            try:
                far = await asyncio.open_connection("127.0.0.1", HUB_PORT)
            except OSError:
                writer.close()
                return
            await asyncio.gather(pipe(reader, far[1]), pipe(far[0], writer))

        await (await asyncio.start_server(take, sock=server)).serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()


os.environ.update(
    EVENTHUB_RESOURCE_GROUP="rg-rtstream-local",
    AZURE_SUBSCRIPTION_ID="00000000-0000-0000-0000-000000000000",
    EVENT_HUB_NAMESPACE="localhost",
    EVENT_HUB_ENDPOINT_SUFFIX="",
)
module("certifi", where=lambda: os.path.join(KEYS, "local", "ca.pem"))
module("dotenv", load_dotenv=lambda *args: None)
module(
    "devtools_testutils",
    get_region_override=lambda region: region,
    get_credential=lambda is_async=False, **options: AsyncCredential() if is_async else Credential(),
)
module("azure.mgmt.eventhub", EventHubManagementClient=EventHubManagementClient)
forward()
