from . import FakeTokenCredential


class AsyncFakeCredential(FakeTokenCredential):
    async def get_token(self, *scopes, **options):
        return FakeTokenCredential.get_token(self)
