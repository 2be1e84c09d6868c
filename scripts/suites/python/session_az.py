"""`az` with the session's token where a sign-in with Microsoft Entra would be; nothing else of it is touched."""
import json
import os
import sys

from azure.cli.core import get_default_cli
from azure.cli.core._profile import Profile
from azure.core.credentials import AccessToken, AccessTokenInfo

TOKEN = os.environ["RTSTREAM_SUITE_TOKEN"]
SUBSCRIPTION = os.environ["RTSTREAM_SUITE_SUBSCRIPTION"]
NEVER = 4102444800


class Session:
    def get_token(self, *scopes, **options):
        return AccessToken(TOKEN, NEVER)

    def get_token_info(self, *scopes, options=None):
        return AccessTokenInfo(TOKEN, NEVER)


def subscription(self, *args, **options):
    user = {"name": "local", "type": "user"}
    return {"id": SUBSCRIPTION, "tenantId": SUBSCRIPTION, "name": "local", "state": "Enabled", "isDefault": True, "user": user}


Profile.get_login_credentials = lambda self, *args, **options: (Session(), SUBSCRIPTION, SUBSCRIPTION)
Profile.get_subscription = subscription
sys.exit(get_default_cli().invoke(sys.argv[1:]))
