"""Stands in for the Azure SDK's private test helpers, live mode only: names, credentials and addresses of the local account.

RTSTREAM_SUITE_LAKE (address of the account), RTSTREAM_SUITE_KEY, RTSTREAM_SUITE_TOKEN and RTSTREAM_SUITE_ACCOUNT say where.
"""
import functools
import inspect
import logging
import os
import time
import zlib

from azure.core.credentials import AccessToken, AzureNamedKeyCredential


class FakeTokenCredential:
    def __init__(self):
        self.token = AccessToken("YOU SHALL NOT PASS", 0)
        self.get_token_count = 0

    def get_token(self, *scopes, **options):
        self.get_token_count += 1
        return self.token


class Session:
    """The token of the session, for every scope."""

    def get_token(self, *scopes, **options):
        return AccessToken(os.environ["RTSTREAM_SUITE_TOKEN"], 4102444800)

    def close(self):
        pass


class EnvironmentVariableOptions:
    def __init__(self, **options):
        pass


class Key(str):
    """A key that knows the name of its account, as the suites' keys do."""

    @property
    def secret(self):
        return str(self)


def EnvironmentVariableLoader(directory, *args, options=None, **values):
    def given(name):
        if name.endswith("_key"):
            return Key(os.environ["RTSTREAM_SUITE_KEY"])
        if name.endswith("_account_name"):
            return os.environ["RTSTREAM_SUITE_ACCOUNT"]
        return values[name]

    def decorate(test):
        parameters = inspect.signature(test).parameters
        takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        taken = [name for name in values if takes_all or name in parameters]
        if inspect.iscoroutinefunction(test):

            @functools.wraps(test)
            async def wrapped(self, *args, **kwargs):
                return await test(self, *args, **{name: given(name) for name in taken}, **kwargs)

        else:

            @functools.wraps(test)
            def wrapped(self, *args, **kwargs):
                return test(self, *args, **{name: given(name) for name in taken}, **kwargs)

        _hide(wrapped, values)
        return wrapped

    return decorate


def _hide(wrapped, names):
    # pytest must not take what is given here for fixtures of its own.
    signature = inspect.signature(wrapped)
    wrapped.__signature__ = signature.replace(
        parameters=[one for one in signature.parameters.values() if one.name not in names and one.kind is not one.VAR_KEYWORD]
    )


def recorded_by_proxy(test):
    return test


def is_live():
    return True


def set_custom_default_matcher(**options):
    pass


def _nothing(**options):
    pass


add_body_regex_sanitizer = add_general_regex_sanitizer = add_header_regex_sanitizer = _nothing
add_oauth_response_sanitizer = add_uri_regex_sanitizer = test_proxy_sanitizer = _nothing


class ResponseCallback:
    """Puts another status in the place of an answer's, so many times."""

    def __init__(self, status=None, new_status=None):
        self.status, self.new_status = status, new_status
        self.first, self.count = True, 0

    def override_first_status(self, response):
        if self.first and response.http_response.status_code == self.status:
            response.http_response.status_code = self.new_status
            self.first = False

    def override_status(self, response):
        if response.http_response.status_code == self.status:
            response.http_response.status_code = self.new_status
        self.count += 1


class RetryCounter:
    def __init__(self):
        self.count = 0

    def simple_count(self, retry_context):
        self.count += 1


class AzureRecordedTestCase:
    is_live = True
    in_recording = False
    account_key = None

    @property
    def _name(self):
        return os.environ.get("PYTEST_CURRENT_TEST", "test").split("::")[-1].split(" ")[0]

    def is_playback(self):
        return False

    def get_settings_value(self, name):
        return os.environ.get(f"RTSTREAM_SUITE_{name}", "00000000-0000-0000-0000-000000000000")

    def get_resource_name(self, prefix):
        # Tests of the same name stand in several files of a suite.
        test = os.environ.get("PYTEST_CURRENT_TEST", "test").split(" ")[0]
        return f"{prefix}{zlib.crc32((test + RUN).encode()):08x}"

    create_random_name = get_resource_name

    def assertNamedItemInContainer(self, container, name, message=None):
        for item in container:
            if name in (getattr(item, "name", None), item):
                return
        raise AssertionError(message or f"{name!r} is not in {container!r}")

    def assertNamedItemNotInContainer(self, container, name, message=None):
        for item in container:
            assert getattr(item, "name", item) != name, message

    def assertEqual(self, first, second, message=None):
        assert first == second, message

    def get_credential(self, client, **options):
        return Session()

    def sleep(self, seconds):
        time.sleep(seconds)

    def generate_sas(self, make, *args, **kwargs):
        return make(*args, **kwargs)


RUN = str(time.time())
