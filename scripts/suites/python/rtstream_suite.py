"""What pytest needs of us in every suite."""
import os

import pytest


def pytest_sessionstart(session):
    """Some suites presume an account that nothing else is in."""
    account = os.environ.get("RTSTREAM_SUITE_EMPTY")
    if account:
        from azure.storage.blob import BlobServiceClient

        service = BlobServiceClient.from_connection_string(account)
        for container in service.list_containers():
            service.delete_container(container.name)


@pytest.fixture(scope="session")
def test_proxy():
    yield None
