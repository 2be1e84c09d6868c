#!/usr/bin/env bash
# Expected: opendal's presigned URLs of Azure blobs are for the blob at the address, whichever form the address has.
# Seen:     with an endpoint that has the account in its path, as Azurite's and every other emulator's has, what is signed names the account
#           twice: /blob/account/account/container/blob, where the reference has /blob/account/container/blob.
# Matters:  a read or write by the same operator works there, signed with the same key; only who gets the URL is told 403, and nothing says
#           what was signed.
# Versions: opendal 0.47.12 (Python), Python 3.11; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opendal==0.47.12
cat >run.py <<'PY'
import asyncio, base64, hashlib, hmac, os, sys
from urllib.parse import parse_qsl, urlsplit
import opendal

KEY = base64.b64encode(b"a key of nothing").decode()

def signature(resource, given):
    """https://learn.microsoft.com/rest/api/storageservices/create-service-sas#version-2020-12-06-and-later"""
    names = ["sp", "st", "se", None, "si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"]
    text = "\n".join(resource if name is None else given.get(name, "") for name in names)
    return base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()

async def signed(endpoint):
    """Nothing is sent: a URL is made from the key alone."""
    operator = opendal.AsyncOperator("azblob", container="box", endpoint=endpoint, account_name="acc", account_key=KEY)
    url = (await operator.presign_read("a.txt", 60)).url
    given = dict(parse_qsl(urlsplit(url).query))
    resources = ["/blob/acc/box/a.txt", "/blob/acc/acc/box/a.txt"]
    return next((one for one in resources if signature(one, given) == given["sig"]), "something else")

seen = [asyncio.run(signed(endpoint)) for endpoint in ("https://acc.blob.core.windows.net", "http://127.0.0.1:10000/acc")]
print("endpoint with the account in its host signs", seen[0])
print("endpoint with the account in its path signs", seen[1])
has_changed = seen != ["/blob/acc/box/a.txt", "/blob/acc/acc/box/a.txt"]
if has_changed:
    print("The behaviour has changed.")
sys.stdout.flush()
# At once: at the interpreter's own end opendal's threads abort it now and then.
os._exit(1 if has_changed else 0)
PY
venv/bin/python run.py
