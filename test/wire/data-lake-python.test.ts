/** The lake as Python's SDK and Delta readers of others see it, through both doors. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, KEY, type LakeServer, startLake, TOKEN } from '../support/lake-server.ts'
import { runPython } from '../support/python.ts'

let running: LakeServer

beforeEach(async () => {
  running = await startLake()
})
afterEach(() => running.close())

const SDK = `
import io, sys
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.storage.filedatalake import DataLakeServiceClient
url, credential = sys.argv[1:3]
service = DataLakeServiceClient(account_url=url, credential=credential, retry_total=0)
lake = service.get_file_system_client("bronze")
def refused(status, code, call):
    try:
        call()
    except HttpResponseError as error:
        assert error.status_code == status, (error.status_code, error)
        assert code is None or error.error_code == code, error.error_code
        return
    raise AssertionError(f"not refused, expected {status} {code}")
`

describe("Python's data lake SDK", () => {
  const run = (script: string, args = [running.endpoint, KEY]) =>
    runPython(`${SDK}${script}\nprint("all well")`, args)

  it('uploads in parallel chunks, reads in ranges and streams, replaces, appends to what is there', async () => {
    expect(
      await run(`
data = bytes(index % 251 for index in range(300_000))
made = lake.get_file_client("weather/big.bin")
made.upload_data(data, overwrite=True, chunk_size=10_000, max_concurrency=6)
assert made.download_file(max_concurrency=4).readall() == data
assert made.download_file(offset=100, length=50).readall() == data[100:150]
assert b"".join(made.download_file().chunks()) == data
refused(416, "InvalidRange", lambda: made.download_file(offset=300_000, length=1).readall())
refused(412, "ConditionNotMet", lambda: made.upload_data(b"x", overwrite=False))
assert made.download_file().readall() == data
made.upload_data(io.BytesIO(b"short"), length=5, overwrite=True)
made.append_data(b"er", 5, validate_content=True)
made.flush_data(7)
assert made.download_file().readall() == b"shorter"
refused(400, "InvalidFlushPosition", lambda: made.flush_data(9))
empty = lake.create_file("empty")
assert empty.download_file().readall() == b""
assert empty.get_file_properties().size == 0
`),
    ).toBe('all well')
  })

  it('lists page by page, by folder and whole, and goes on from a continuation', async () => {
    expect(
      await run(`
for minute in range(3):
    for name in "ab":
        lake.get_file_client(f"weather/{minute:02}/{name}.json").upload_data(b"{}", overwrite=True)
names = lambda **options: [path.name for path in lake.get_paths(**options)]
assert names(recursive=False) == ["weather"]
assert names(path="weather", recursive=False) == ["weather/00", "weather/01", "weather/02"]
everything = names()
assert everything == ["weather", "weather/00", "weather/00/a.json", "weather/00/b.json", "weather/01", "weather/01/a.json",
                      "weather/01/b.json", "weather/02", "weather/02/a.json", "weather/02/b.json"], everything
assert names(max_results=3) == everything
pages = lake.get_paths(max_results=4).by_page()
first = [path.name for path in next(pages)]
rest = [path.name for page in lake.get_paths(max_results=4).by_page(pages.continuation_token) for path in page]
assert len(first) == 4 and first + rest == everything
refused(404, "PathNotFound", lambda: names(path="nothing"))
assert [made.name for made in service.list_file_systems()] == ["bronze", "gold", "silver"]
details = next(lake.get_paths(path="weather/00"))
assert details.content_length == 2 and not details.is_directory and details.etag and details.last_modified
`),
    ).toBe('all well')
  })

  it('renames on conditions, deletes trees, keeps to etags, and is told what is not there', async () => {
    expect(
      await run(`
made = lake.get_file_client("from/größe 50%.json")
made.upload_data(b"one", overwrite=True)
other = lake.get_file_client("other")
other.upload_data(b"other", overwrite=True)
known = made.get_file_properties().etag
refused(412, None, lambda: made.rename_file("bronze/to", source_etag='"0x1"', source_match_condition=MatchConditions.IfNotModified))
refused(409, None, lambda: made.rename_file("bronze/other", match_condition=MatchConditions.IfMissing))
refused(412, None, lambda: made.upload_data(b"x", overwrite=True, etag='"0x1"', match_condition=MatchConditions.IfNotModified))
assert made.download_file(etag=known, match_condition=MatchConditions.IfNotModified).readall() == b"one"
moved = made.rename_file("bronze/to")
assert moved.download_file().readall() == b"one" and not made.exists()
folder = lake.create_directory("tree/of/folders")
folder.create_file("leaf").upload_data(b"leaf", overwrite=True)
renamed = lake.get_directory_client("tree").rename_directory("bronze/wood")
assert lake.get_file_client("wood/of/folders/leaf").download_file().readall() == b"leaf"
renamed.delete_directory()
assert not lake.get_directory_client("wood").exists()
refused(404, None, lambda: lake.get_file_client("nothing").download_file())
refused(404, None, lambda: service.get_file_system_client("nothing").create_file("a"))
lease = moved.acquire_lease(15)
refused(412, "LeaseIdMissing", lambda: moved.upload_data(b"x", overwrite=True))
moved.upload_data(b"leased", overwrite=True, lease=lease)
lease.release()
moved.upload_data(b"free", overwrite=True)
lake.get_file_client("empty//segment").create_file()
assert lake.get_file_client("empty/segment").exists()
`),
    ).toBe('all well')
  })

  it('comes in over TLS with the token and the certificate of the session, or not at all', async () => {
    const certificate = join(running.folder, 'certificate.pem')
    writeFileSync(certificate, running.tls.cert)
    const script = `
import sys
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.filedatalake import DataLakeServiceClient
url, token, certificate = sys.argv[1:4]
class Session:
    def __init__(self, token): self.token = token
    def get_token(self, *scopes, **options): return AccessToken(self.token, 4102444800)
def lake(token): return DataLakeServiceClient(url, Session(token), connection_verify=certificate, retry_total=0).get_file_system_client("bronze")
lake(token).get_file_client("a").upload_data(b"over TLS", overwrite=True)
assert lake(token).get_file_client("a").download_file().readall() == b"over TLS"
try:
    lake("other").get_file_client("a").download_file()
    raise AssertionError("a wrong token was taken")
except ClientAuthenticationError as error:
    assert error.status_code == 401 and token not in str(error)
print("all well")
`
    expect(await runPython(script, [running.tlsEndpoint, TOKEN, certificate])).toBe('all well')
  })
})

describe('deltalake, whose object store knows nothing of us', () => {
  const DELTA = `
import sys, pyarrow, deltalake
from concurrent.futures import ThreadPoolExecutor
options = {"azure_storage_account_name": "${ACCOUNT}", "azure_storage_account_key": sys.argv[2], "azure_storage_endpoint": sys.argv[1]}
options.update({"allow_http": "true"} if sys.argv[1].startswith("http:") else {"allow_invalid_certificates": "true"})
table = "az://silver/weather"
rows = lambda batch, count=2: pyarrow.table({"id": list(range(batch * 1000, batch * 1000 + count)), "city": ["Zürich"] * count})
write = lambda batch, **more: deltalake.write_deltalake(table, rows(batch), storage_options=options, **more)
read = lambda **more: deltalake.DeltaTable(table, storage_options=options, **more)
`
  it.each([
    ['http', () => running.endpoint],
    ['TLS', () => running.tlsEndpoint],
  ])(
    'keeps a whole table over %s: appends, checkpoints, compacts, overwrites, vacuums, travels in time',
    async (_, url) => {
      const script = `${DELTA}
for batch in range(6): write(batch, mode="append")
read().create_checkpoint()
write(6, mode="append")
found = read()
assert found.to_pyarrow_table().num_rows == 14 and len(found.file_uris()) == 7
assert found.optimize.compact()["numFilesAdded"] == 1
assert read().to_pyarrow_table().num_rows == 14 and len(read().file_uris()) == 1
assert len(read().vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)) == 7
assert sorted(read().to_pyarrow_table()["id"].to_pylist())[0:3] == [0, 1, 1000]
write(9, mode="overwrite")
assert read().to_pyarrow_table()["id"].to_pylist() == [9000, 9001]
assert read(version=7).to_pyarrow_table().num_rows == 14
read().delete("id = 9000")
print(read().to_pyarrow_table()["id"].to_pylist())
`
      expect(await runPython(script, [url(), KEY])).toBe('[9001]')
      expect(running.unfinished()).toEqual([])
    },
  )

  it('commits from several writers at once, and every commit counts once', async () => {
    const script = `${DELTA}
write(0)
with ThreadPoolExecutor(4) as pool: list(pool.map(lambda batch: write(batch, mode="append"), range(1, 13)))
found = read()
ids = found.to_pyarrow_table()["id"].to_pylist()
print(found.version(), len(ids), len(set(ids)))
`
    expect(await runPython(script, [running.endpoint, KEY])).toBe('12 26 26')
  })

  it('writes a large file in blocks', async () => {
    const script = `${DELTA}
import random
big = pyarrow.table({"noise": [random.randbytes(1000) for _ in range(14_000)]})
deltalake.write_deltalake(table, big, storage_options=options)
print(read().to_pyarrow_table().num_rows, max(size for size in read().get_add_actions(flatten=True)["size_bytes"].to_pylist()) > 10_000_000)
`
    expect(await runPython(script, [running.endpoint, KEY])).toBe('14000 True')
    expect(running.unfinished()).toEqual([])
  })

  it('is refused with a wrong key', async () => {
    const script = `${DELTA}
try:
    write(0)
    print("taken")
except Exception as error:
    print("AuthenticationFailed" in str(error))
`
    expect(await runPython(script, [running.endpoint, Buffer.from('other').toString('base64')])).toBe('True')
  })
})

it('pyarrow moves files and folders under leases, appends to a blob’s blocks, copies and deletes', async () => {
  const script = `
import sys, pyarrow.fs as fs
address, account, key = sys.argv[1:4]
lake = fs.AzureFileSystem(account, account_key=key, blob_storage_authority=address, dfs_storage_authority=address,
                          blob_storage_scheme="http", dfs_storage_scheme="http")
paths = lambda: [one.path for one in lake.get_file_info(fs.FileSelector("silver", recursive=True))]
lake.create_dir("silver/dir")
with lake.open_output_stream("silver/dir/a") as out: out.write(b"hello")
lake.move("silver/dir/a", "silver/dir/b")
lake.move("silver/dir", "silver/moved")
with lake.open_append_stream("silver/moved/b") as out: out.write(b" world")
assert lake.open_input_stream("silver/moved/b").read() == b"hello world"
lake.copy_file("silver/moved/b", "silver/c")
assert paths() == ["silver/c", "silver/moved", "silver/moved/b"], paths()
lake.delete_dir("silver/moved")
print(paths())
`
  const { host } = new URL(running.endpoint)
  expect(await runPython(script, [host, ACCOUNT, KEY])).toBe("['silver/c']")
})
