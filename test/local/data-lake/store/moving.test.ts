/** The lake over more than one disk: a mount point stands below it. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { LakeFolder } from '../../../../src/local/data-lake/store/folder.ts'
import { listFolder } from '../../../../src/local/data-lake/store/listing.ts'
import { AlreadyExistsError, LakeFullError } from '../../../../src/local/data-lake/store/storage-errors.ts'
import { temporaryFolder } from '../../../support/cli.ts'
import { NO_SMALL_DISK, smallDisk } from '../../../support/small-disk.ts'

const folder = temporaryFolder()
const container = 'gold'
mkdirSync(join(folder.path, container))
const disk = smallDisk(1, join(folder.path, container))
const lake = new LakeFolder(folder.path, { limitBytes: 1e9, clock: { now: Date.now } })
afterAll(() => {
  disk?.remove()
  folder.remove()
})

it('files and folders are placed, replaced and moved there', async (context) => {
  if (!disk) return context.skip(NO_SMALL_DISK)
  const unfinished = lake.unfinishedFile()
  writeFileSync(unfinished, 'x')
  expect(() => renameSync(unfinished, join(disk.path, 'x'))).toThrow('EXDEV')
  await lake.place(container, 'a/b.json', 'one')
  await expect(lake.place(container, 'a/b.json', 'two')).rejects.toThrow(AlreadyExistsError)
  lake.adopt(unfinished, container, 'a/b.json', { overwrite: true })
  expect(readFileSync(join(disk.path, 'a/b.json'), 'utf8')).toBe('x')
  // A folder from one disk to the other.
  const other = 'silver'
  mkdirSync(join(lake.root, other, 'from/below'), { recursive: true })
  writeFileSync(join(lake.root, other, 'from/below/file'), 'deep')
  lake.move({ container: other, path: 'from' }, { container, path: 'to' })
  expect(readFileSync(join(disk.path, 'to/below/file'), 'utf8')).toBe('deep')
  expect(readdirSync(join(lake.root, other))).toEqual([])
})

it('what does not fit there leaves nothing, and what is being copied is in no listing', async (context) => {
  if (!disk) return context.skip(NO_SMALL_DISK)
  disk.fill(10_000)
  const refused = lake.place(container, 'large', Buffer.alloc(200_000))
  await expect(refused).rejects.toThrow(LakeFullError)
  await expect(refused).rejects.toThrow(lake.resolve(container, 'large'))
  disk.free()
  expect(readdirSync(disk.path).filter((name) => name.startsWith('.'))).toEqual([])
  writeFileSync(join(disk.path, '.unfinished-1'), '')
  const listed = [...listFolder({ root: disk.path, folder: '', recursive: true, from: undefined })]
  expect(listed.filter(({ path }) => path.includes('unfinished'))).toEqual([])
})
