import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createStore } from 'zustand/vanilla'
import { openSessionFiles, requireWritable } from '../../../src/commands/reports/session-files.ts'
import { allRunning } from '../../support/scenario.ts'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-session-files-'))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

const open = (names: { record?: string; report?: string }, problems: string[] = []) =>
  openSessionFiles({
    store: createStore(() => allRunning()),
    record: names.record,
    report: names.report,
    onProblem: (message) => problems.push(message),
  })

it('a file that cannot be written is told beforehand, and what can be is left as it is', () => {
  writeFileSync(at('old'), 'kept')
  requireWritable(undefined, at('old'), at('new'))
  expect(readFileSync(at('old'), 'utf8')).toBe('kept')
  expect(existsSync(at('new'))).toBe(false)
  mkdirSync(at('folder'))
  expect(() => requireWritable(undefined, at('folder'))).toThrow('a folder stands there')
  expect(() => requireWritable(at('old'), at('none/a'))).toThrow('its folder does not exist')
  expect(() => requireWritable(at('old/a'))).toThrow('a file stands where its folder should be')
})

it('a recording empties its file once it begins, not before', async () => {
  writeFileSync(at('a.rtrec'), 'kept')
  const unbegun = await open({ record: at('a.rtrec') })
  expect(await unbegun.close()).toEqual([])
  expect(readFileSync(at('a.rtrec'), 'utf8')).toBe('kept')
  const begun = await open({ record: at('a.rtrec') })
  await begun.begin()
  expect(await begun.close()).toEqual([expect.stringContaining(`The recording is ${at('a.rtrec')}`)])
  expect(readFileSync(at('a.rtrec')).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
})

it('neither recording nor report is named that could not be written', async () => {
  const problems: string[] = []
  const files = await open({ record: at('none/a.rtrec'), report: at('none/a.html') }, problems)
  await files.begin()
  expect(await files.close()).toEqual([])
  expect(problems).toEqual([
    expect.stringMatching(/^The recording .*a\.rtrec cannot be written/),
    expect.stringMatching(/^There is no report: .*a\.html cannot be written: its folder does not exist\./),
  ])
})
