"""What pytest needs of us in every suite."""
import os
from urllib.parse import urlsplit

import pytest


def pytest_sessionstart(session):
    """Some suites presume an account that nothing else is in; others one that logs, which makes the container of the logs."""
    logged = os.environ.get("RTSTREAM_SUITE_LOGGED")
    if logged:
        from azure.storage.blob import BlobAnalyticsLogging, BlobServiceClient, RetentionPolicy

        logging = BlobAnalyticsLogging(read=True, write=True, delete=True, retention_policy=RetentionPolicy(enabled=True, days=7))
        BlobServiceClient.from_connection_string(logged).set_service_properties(analytics_logging=logging)
    account = os.environ.get("RTSTREAM_SUITE_EMPTY")
    if account:
        from azure.storage.blob import BlobServiceClient

        service = BlobServiceClient.from_connection_string(account)
        for container in service.list_containers():
            service.delete_container(container.name)


@pytest.fixture(scope="session")
def test_proxy():
    yield None


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    """Arrow's tests start an emulator; the local services run already."""
    if fixturedef.argname != "azure_server":
        return None
    at = urlsplit(os.environ["RTSTREAM_SUITE_PLAIN"])
    account, key = os.environ["RTSTREAM_SUITE_ACCOUNT"], os.environ["RTSTREAM_SUITE_KEY"]
    given = {"connection": (at.hostname, at.port, account, key)}
    fixturedef.cached_result = (given, fixturedef.cache_key(request), None)
    return given
