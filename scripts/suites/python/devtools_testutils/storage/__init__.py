"""What the storage suites have beside the common helpers."""
import logging
import os
import random
import string
from datetime import datetime
from io import StringIO
from math import ceil

import pytest

from .. import AzureRecordedTestCase


class LogCaptured:
    def __init__(self, test_case=None):
        self.stream = StringIO()

    def __enter__(self):
        self.handler = logging.StreamHandler(self.stream)
        self.logger = logging.getLogger("azure.storage")
        self.before = self.logger.level
        self.logger.setLevel(logging.DEBUG)
        self.logger.addHandler(self.handler)
        return self.stream

    def __exit__(self, *error):
        self.logger.removeHandler(self.handler)
        self.logger.setLevel(self.before)


class StorageRecordedTestCase(AzureRecordedTestCase):
    def account_url(self, account, kind):
        return os.environ["RTSTREAM_SUITE_LAKE"]

    def connection_string(self, account, key):
        lake = os.environ["RTSTREAM_SUITE_LAKE"]
        return f"DefaultEndpointsProtocol={lake.split(':')[0]};AccountName={account};AccountKey={key};BlobEndpoint={lake};"

    def get_datetime_variable(self, variables, name, value):
        return value

    def get_random_bytes(self, size):
        return random.randbytes(size)

    def get_random_text_data(self, size):
        return "".join(random.choice(string.ascii_letters) for _ in range(size))

    def generate_sas(self, make, *args, variables=None, **kwargs):
        return make(*args, **kwargs)

    def generate_sas_token(self):
        return "?sv=2020-01-01&sig=fake"


    def assert_upload_progress(self, size, max_chunk_size, progress, unknown_size=False):
        total = None if unknown_size else size
        assert len(progress) == ceil(size / max_chunk_size)
        for done, of in progress:
            assert done % max_chunk_size in (0, size % max_chunk_size) and of == total

    def assert_download_progress(self, size, max_chunk_size, max_get_size, progress):
        if size <= max_get_size:
            assert len(progress) == 1
            return
        rest = size - max_get_size
        assert len(progress) == 1 + ceil(rest / max_chunk_size)
        # The first answer tells how long the whole blob is.
        for done, of in progress[1:]:
            assert of == size


class GenericTestProxyParametrize1:
    def __call__(self, test):
        return test


class GenericTestProxyParametrize2(GenericTestProxyParametrize1):
    pass
