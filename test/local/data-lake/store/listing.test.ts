import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listBlobs } from '../../../../src/local/data-lake/rest/blobs/blob-listing.ts'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { Leases } from '../../../../src/local/data-lake/store/leases.ts'
import { listFolder } from '../../../../src/local/data-lake/store/listing.ts'
import { PathProperties } from '../../../../src/local/data-lake/store/properties.ts'
import { Snapshots } from '../../../../src/local/data-lake/store/snapshots.ts'
import { Uploads } from '../../../../src/local/data-lake/store/uploads.ts'
import { temporaryFolder } from '../../../support/cli.ts'

const FILES = ['a-b', 'a.txt', 'a/1', 'a/b/2', 'a0', 'b/c/3', 'b/c-d', 'c']

let folder: ReturnType<typeof temporaryFolder>
let lake: LakeFolder
let kept: PathProperties

beforeEach(() => {
  folder = temporaryFolder()
  lake = new LakeFolder(folder.path, { limitBytes: 1e6, clock: { now: () => 0 } })
  kept = new PathProperties(lake)
  for (const file of FILES) {
    mkdirSync(join(folder.path, 'bronze', dirname(file)), { recursive: true })
    writeFileSync(join(folder.path, 'bronze', file), file)
  }
})
afterEach(() => {
  kept.close()
  folder.remove()
})

const list = (from?: string, recursive = true, at = '') =>
  [...listFolder({ root: join(folder.path, 'bronze'), folder: at, recursive, from })].map(({ path }) => path)

describe('paths', () => {
  it('come folder by folder, and from any place on nothing is missing and nothing comes twice', () => {
    const all = list()
    expect(all.filter((path) => FILES.includes(path)).sort()).toEqual([...FILES].sort())
    for (const [index, from] of all.entries()) expect(list(from), from).toEqual(all.slice(index))
    expect(list('b/c', true)).toEqual(['b/c', 'b/c/3', 'b/c-d', 'c'])
    expect(list('zzz')).toEqual([])
    // A start that is not there any more: what would have come behind it.
    expect(list('a/0')).toEqual(all.slice(all.indexOf('a') + 1))
    expect(list(undefined, false, 'b')).toEqual(['b/c', 'b/c-d'])
    expect(list('c', true, 'b')).toEqual(['b/c', 'b/c/3', 'b/c-d'])
  })
})

describe('blobs', () => {
  const clock = { now: () => 0 }

  const blobs = (query: Record<string, string>) => {
    const xml = listBlobs(
      {
        folder: lake,
        kept,
        uploads: new Uploads(lake),
        leases: new Leases(clock),
        snapshots: new Snapshots(lake),
        clock,
      },
      { container: 'bronze', query: new URLSearchParams(query) },
      'http://127.0.0.1:1/account/',
    )
    return {
      names: [...xml.matchAll(/<Name>([^<]*)</g)].map(([, name]) => name as string),
      marker: /<NextMarker>([^<]+)</.exec(xml)?.[1],
    }
  }
  const inPages = (query: Record<string, string>) => {
    const names: string[] = []
    let marker: string | undefined = ''
    // A listing that goes round would never end.
    while (marker !== undefined && names.length < 50) {
      const page = blobs({ ...query, maxresults: '1', ...(marker ? { marker } : {}) })
      names.push(...page.names)
      marker = page.marker
    }
    return names
  }

  it('come in the order of their whole names, the folders among them, in one page or in pages of one', () => {
    const sorted = [...FILES, 'a', 'a/b', 'b', 'b/c'].sort()
    expect(sorted.slice(0, 5)).toEqual(['a', 'a-b', 'a.txt', 'a/1', 'a/b'])
    expect(blobs({}).names).toEqual(sorted)
    expect(inPages({})).toEqual(sorted)
    for (const start of [...sorted, 'a/', 'a/a', 'b/', 'zz'])
      expect(blobs({ startfrom: start }).names, start).toEqual(sorted.filter((name) => name >= start))
    for (const end of [...sorted, 'a/', 'zz'])
      expect(blobs({ endbefore: end }).names, end).toEqual(sorted.filter((name) => name < end))
    expect(blobs({ showonly: 'files' }).names).toEqual([...FILES].sort())
    expect(inPages({ showonly: 'files' })).toEqual([...FILES].sort())
  })

  it('of one folder come with the folders in it, in one page or in pages of one', () => {
    const top = ['a-b', 'a.txt', 'a/', 'a0', 'b/', 'c']
    expect(blobs({ delimiter: '/' }).names).toEqual(top)
    expect(inPages({ delimiter: '/' })).toEqual(top)
    expect(inPages({ delimiter: '/', prefix: 'a/' })).toEqual(['a/1', 'a/b/'])
    expect(inPages({ delimiter: '/', prefix: 'b/c' })).toEqual(['b/c-d', 'b/c/'])
    expect(inPages({ prefix: 'b/c' })).toEqual(['b/c', 'b/c-d', 'b/c/3'])
    expect(blobs({ prefix: 'a/nothing' }).names).toEqual([])
  })

  it('of folders alone come in one page or in pages of one', () => {
    mkdirSync(join(folder.path, 'bronze', 'a-b-c', 'd'), { recursive: true })
    const folders = ['a', 'a-b-c', 'a-b-c/d', 'a/b', 'b', 'b/c']
    expect(blobs({ showonly: 'directories' }).names).toEqual(folders)
    expect(inPages({ showonly: 'directories' })).toEqual(folders)
    expect(inPages({ showonly: 'directories', prefix: 'a-b-c/' })).toEqual(['a-b-c/d'])
  })

  it('with names that mean something in XML are told whole', () => {
    writeFileSync(join(folder.path, 'bronze', `c<&>"'`), '')
    expect(blobs({ prefix: 'c<' }).names).toEqual(['c&lt;&amp;&gt;&quot;&apos;'])
  })
})
