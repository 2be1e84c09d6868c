/** ADLS Gen2 on loopback, driven by the SDKs of two languages and by a Delta reader that knows nothing of us. */
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataLakeServiceClient } from '@azure/storage-file-datalake'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, KEY, type LakeServer, startLake } from '../support/lake-server.ts'
import { runPython } from '../support/python.ts'

let running: LakeServer
let lake: DataLakeServiceClient
let raw: LakeServer['raw']

beforeEach(async () => {
  running = await startLake({ limitBytes: 1_000_000 })
  lake = running.client()
  raw = running.raw
})
afterEach(() => running.close())

const file = (path: string, container = 'bronze') => lake.getFileSystemClient(container).getFileClient(path)
const onDisk = (path: string) => readFileSync(join(running.root, path), 'utf8')
const content = async (path: string, from?: number, count?: number) =>
  (await file(path).readToBuffer(from, count)).toString()

describe('a file', () => {
  it('is created, and deleted, only if that is still to do', async () => {
    const nothing = file('never/made')
    expect(await nothing.deleteIfExists()).toMatchObject({ succeeded: false, errorCode: 'PathNotFound' })
    expect(await nothing.createIfNotExists()).toMatchObject({ succeeded: true })
    expect(await nothing.createIfNotExists()).toMatchObject({ succeeded: false })
    expect(await nothing.deleteIfExists()).toMatchObject({ succeeded: true })
    expect(await nothing.exists()).toBe(false)
  })

  it('is created, appended to, flushed, read whole and in part, and deleted', async () => {
    const made = file('weather/a.json')
    await made.create()
    await made.append('one\n', 0, 4)
    await made.append('two\n', 4, 4)
    expect(onDisk('bronze/weather/a.json')).toBe('')
    await made.flush(8)
    expect(onDisk('bronze/weather/a.json')).toBe('one\ntwo\n')
    expect(await content('weather/a.json')).toBe('one\ntwo\n')
    expect(await content('weather/a.json', 4, 3)).toBe('two')
    expect((await made.getProperties()).contentLength).toBe(8)
    await made.delete()
    expect(await made.exists()).toBe(false)
    await expect(made.getProperties()).rejects.toMatchObject({ statusCode: 404 })
  })

  it('is flushed up to where its appends are without a gap, and no further', async () => {
    const made = file('a')
    await made.create()
    await made.append('one', 0, 3)
    await made.append('two', 7, 3)
    for (const position of [10, 9, 4])
      await expect(made.flush(position)).rejects.toMatchObject({
        statusCode: 400,
        code: 'InvalidFlushPosition',
      })
    await made.flush(3)
    expect(await content('a')).toBe('one')
  })

  it('made by several at once with If-None-Match: * is made by exactly one', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        raw('PUT', '/silver/_delta_log/00000000000000000001.json', {
          headers: { 'x-ms-blob-type': 'BlockBlob', 'if-none-match': '*' },
          body: `by ${index}`,
        }),
      ),
    )
    const states = attempts.map((attempt) => (attempt.status === 'fulfilled' ? attempt.value.status : 0))
    expect(states.filter((state) => state === 201)).toHaveLength(1)
    expect(states.filter((state) => state === 409)).toHaveLength(19)
    expect(onDisk('silver/_delta_log/00000000000000000001.json')).toBe(`by ${states.indexOf(201)}`)
    await expect(
      file('_delta_log/00000000000000000001.json', 'silver').create({ conditions: { ifNoneMatch: '*' } }),
    ).rejects.toMatchObject({
      statusCode: 409,
      code: 'PathAlreadyExists',
    })
  })

  it('is replaced only while it is what the caller knows', async () => {
    const made = file('a')
    await made.upload(Buffer.from('one'))
    const { etag } = await made.getProperties()
    await made.upload(Buffer.from('other'))
    const conditions = { ifMatch: etag ?? '' }
    await expect(made.create({ conditions })).rejects.toMatchObject({ statusCode: 412 })
    await expect(made.delete(false, { conditions })).rejects.toMatchObject({ statusCode: 412 })
    expect(await content('a')).toBe('other')
  })

  it('moves to another name, and a folder with all that is in it', async () => {
    await file('old/a').upload(Buffer.from('a'))
    await file('old/a').move('old/b')
    expect(await content('old/b')).toBe('a')
    await lake.getFileSystemClient('bronze').getDirectoryClient('old').move('new')
    expect(await content('new/b')).toBe('a')
    expect(await file('old/b').exists()).toBe(false)
  })

  it('stays where it is when it cannot be moved', async () => {
    await file('a').upload(Buffer.from('a'))
    await lake.getFileSystemClient('bronze').getDirectoryClient('folder').create()
    await expect(file('a').move('folder')).rejects.toMatchObject({ statusCode: 409 })
    expect(await content('a')).toBe('a')
  })

  it('that does not fit any more is refused with what to do, and leaves no rest', async () => {
    const refused = await raw('PUT', '/bronze/big', {
      headers: { 'x-ms-blob-type': 'BlockBlob' },
      body: 'x'.repeat(1_100_000),
    })
    expect(refused.status).toBe(507)
    expect(refused.text).toMatch(/InsufficientStorage/)
    expect(existsSync(join(running.root, 'bronze/big'))).toBe(false)
  })
})

describe('a listing', () => {
  const paths = async (options: object) => {
    const names: string[] = []
    for await (const { name } of lake.getFileSystemClient('bronze').listPaths(options)) names.push(name ?? '')
    return names
  }
  beforeEach(async () => {
    for (const name of ['b/2', 'b/1', 'a/x/1', 'c']) await file(name).upload(Buffer.from(name))
  })

  it('is in the order of names, page by page, of one folder or all below', async () => {
    expect(await paths({})).toEqual(['a', 'b', 'c'])
    expect(await paths({ recursive: true })).toEqual(['a', 'a/x', 'a/x/1', 'b', 'b/1', 'b/2', 'c'])
    expect(await paths({ path: 'b' })).toEqual(['b/1', 'b/2'])
    const pages: number[] = []
    for await (const page of lake
      .getFileSystemClient('bronze')
      .listPaths({ recursive: true })
      .byPage({ maxPageSize: 3 }))
      pages.push(page.pathItems?.length ?? 0)
    expect(pages).toEqual([3, 3, 1])
    await expect(paths({ path: 'nothing' })).rejects.toMatchObject({ statusCode: 404, code: 'PathNotFound' })
  })

  it('begins where the caller wants', async () => {
    const { text } = await raw('GET', '/bronze', {
      query: 'resource=filesystem&recursive=true&beginFrom=b%2F2',
    })
    expect(JSON.parse(text).paths.map(({ name }: { name: string }) => name)).toEqual(['b/2', 'c'])
  })

  it('of blobs is flat or by folder, page by page', async () => {
    const blobs = async (query: string) =>
      (await raw('GET', '/bronze', { query: `restype=container&comp=list&${query}` })).text
    const names = (xml: string) => [...xml.matchAll(/<Name>([^<]*)</g)].map(([, name]) => name)
    // With a hierarchical namespace a folder is in a flat list too.
    const flat = await blobs('include=metadata')
    expect(names(flat)).toEqual(['a', 'a/x', 'a/x/1', 'b', 'b/1', 'b/2', 'c'])
    expect(flat.match(/<ResourceType>directory<\/ResourceType>/g)).toHaveLength(3)
    expect(flat.match(/<Metadata><hdi_isfolder>true<\/hdi_isfolder><\/Metadata>/g)).toHaveLength(3)
    expect(names(await blobs('showonly=files'))).toEqual(['a/x/1', 'b/1', 'b/2', 'c'])
    expect(names(await blobs('delimiter=%2F'))).toEqual(['a/', 'b/', 'c'])
    expect(names(await blobs('prefix=b%2F'))).toEqual(['b/1', 'b/2'])
    expect(names(await blobs('prefix=nothing%2F'))).toEqual([])
    expect(names(await blobs('prefix=b%2F&startFrom=b%2F2'))).toEqual(['b/2'])
    expect(names(await blobs('startFrom=b'))).toEqual(['b', 'b/1', 'b/2', 'c'])
    const first = await blobs('maxresults=3&prefix=')
    expect(names(first)).toEqual(['a', 'a/x', 'a/x/1'])
    const marker = /<NextMarker>([^<]+)</.exec(first)?.[1]
    expect(names(await blobs(`maxresults=4&marker=${marker}`))).toEqual(['b', 'b/1', 'b/2', 'c'])
  })
})

describe('who may come in', () => {
  it('is whoever signs with the key', async () => {
    await expect(
      running
        .client(Buffer.from('other').toString('base64'))
        .getFileSystemClient('bronze')
        .getFileClient('a')
        .create(),
    ).rejects.toMatchObject({
      statusCode: 403,
      code: 'AuthenticationFailed',
    })
    const refused: Record<string, string>[] = [
      {},
      { authorization: 'Bearer the token' },
      { authorization: 'SharedKey x' },
      { authorization: 'SharedKey rtstreamlocal:' },
    ]
    for (const headers of refused) {
      const { status, text } = await raw('GET', '/bronze', {
        query: 'resource=filesystem',
        headers,
        isSigned: false,
      })
      expect([400, 401, 403]).toContain(status)
      expect(text).not.toContain(KEY)
    }
  })

  it('leaves the folder by no name', async () => {
    writeFileSync(join(running.folder, 'secret'), 'secret')
    symlinkSync(running.folder, join(running.root, 'bronze/link'))
    for (const path of [
      '/bronze/../../secret',
      '/bronze/%2e%2e/%2e%2e/secret',
      '/bronze/..%2f..%2fsecret',
      '/bronze/a/../../../secret',
      '/../secret',
      '/bronze/link/secret',
      '/bronze/%00',
      '/.unfinished/x',
      '/bronze/..%5c..%5csecret',
    ]) {
      const read = await raw('GET', path)
      expect(read.status, path).toBeGreaterThanOrEqual(400)
      expect(read.text).not.toBe('secret')
      const written = await raw('PUT', path, { headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'mine' })
      if (path !== '/bronze/..%5c..%5csecret') expect(written.status, path).toBeGreaterThanOrEqual(400)
    }
    expect(readFileSync(join(running.folder, 'secret'), 'utf8')).toBe('secret')
  })

  it('is told in the documented form what does not exist', async () => {
    const gone = await raw('GET', '/nothing/a')
    expect(gone.status).toBe(404)
    expect(gone.headers['x-ms-error-code']).toMatch(/NotFound/)
    expect(gone.text).toMatch(/^\uFEFF<\?xml.*<Error><Code>/)
    const listing = await raw('GET', '/nothing', { query: 'resource=filesystem' })
    expect(listing.status).toBe(404)
    expect(JSON.parse(listing.text).error.code).toBe('FilesystemNotFound')
    expect((await raw('POST', '/bronze/a')).status).toBe(405)
    expect((await raw('GET', '/bronze/a%zz')).status).toBe(400)
  })
})

describe('clients of other languages', () => {
  it("Python's data lake SDK writes, lists, reads, renames and deletes", async () => {
    const script = `
import sys
from azure.storage.filedatalake import DataLakeServiceClient
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError, HttpResponseError
service = DataLakeServiceClient(account_url=sys.argv[1], credential=sys.argv[2])
lake = service.get_file_system_client("silver")
made = lake.create_file("weather/2026/größe.json")
made.append_data(b"one", 0)
made.append_data(b"two", 3)
made.flush_data(6)
assert made.download_file().readall() == b"onetwo"
assert made.download_file(offset=3, length=3).readall() == b"two"
assert [path.name for path in lake.get_paths(recursive=True)] == ["weather", "weather/2026", "weather/2026/größe.json"]
made = made.rename_file("silver/weather/other.json")
assert made.get_file_properties().size == 6
try:
    lake.create_file("weather/other.json", match_condition=__import__("azure.core").core.MatchConditions.IfMissing)
    assert False
except (ResourceExistsError, HttpResponseError) as error:
    assert error.status_code in (409, 412), error
lake.delete_directory("weather")
try:
    made.get_file_properties()
    assert False
except ResourceNotFoundError:
    print("all well")
`
    expect(await runPython(script, [running.endpoint, KEY])).toBe('all well')
  })

  it('deltalake writes and reads a table through the address', async () => {
    const script = `
import sys, pyarrow, deltalake
options = {"azure_storage_account_name": "${ACCOUNT}", "azure_storage_account_key": sys.argv[2],
           "azure_storage_endpoint": sys.argv[1], "allow_http": "true"}
table = "az://silver/weather"
for batch in range(3):
    rows = pyarrow.table({"city": ["Oslo", "Zürich"], "temperature": [batch, 20]})
    deltalake.write_deltalake(table, rows, mode="append", storage_options=options)
found = deltalake.DeltaTable(table, storage_options=options)
print(found.version(), found.to_pyarrow_table().num_rows, len(found.file_uris()))
`
    expect(await runPython(script, [running.endpoint, KEY])).toBe('2 6 3')
  })
})
