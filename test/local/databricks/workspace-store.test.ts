import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WorkspaceStore } from '../../../src/local/databricks/workspace-store.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-workspace-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = () => join(folder, 'workspace.json')
const store = () => new WorkspaceStore(file(), { now: () => 7 })
const DIRECTORY = { kind: 'DIRECTORY' }
const first = { '/': DIRECTORY, '/Shared': DIRECTORY, '/Users': DIRECTORY }

it('a state of an earlier version gets the folder of the user, and keeps the rest', () => {
  writeFileSync(file(), JSON.stringify({ ...first, '/Shared/mine': DIRECTORY }))
  expect(store().inside('/Users')).toEqual([['/Users/local', DIRECTORY]])
  expect(store().inside('/Shared')).toEqual([['/Shared/mine', DIRECTORY]])
})

it('one that is full stays as it is', () => {
  const others = Array.from({ length: 497 }, (_, index) => [`/Shared/${index}`, DIRECTORY])
  writeFileSync(file(), JSON.stringify({ ...first, ...Object.fromEntries(others) }))
  expect(store().inside('/Users')).toEqual([])
  expect(store().inside('/Shared')).toHaveLength(497)
})
