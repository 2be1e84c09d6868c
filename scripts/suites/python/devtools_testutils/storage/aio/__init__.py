from .. import GenericTestProxyParametrize1, GenericTestProxyParametrize2, StorageRecordedTestCase


class AsyncStorageRecordedTestCase(StorageRecordedTestCase):
    def get_credential(self, client, **options):
        return AsyncSession()


class AsyncSession:
    async def get_token(self, *scopes, **options):
        from ... import Session

        return Session().get_token()

    async def close(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass
