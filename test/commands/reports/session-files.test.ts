import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createStore } from 'zustand/vanilla'
import { requireFormat, requireOther } from '../../../src/commands/reports/report-file.ts'
import {
  openSessionFiles,
  requireSessionFiles,
  requireWritable,
} from '../../../src/commands/reports/session-files.ts'
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

const asked = (files: { record?: string; report?: string; overwrite?: boolean }) =>
  requireSessionFiles({ record: files.record, report: files.report, overwrite: files.overwrite ?? false })

it('a recording that is there is not emptied without being asked to, a report that is there is made anew', () => {
  writeFileSync(at('yesterday.rtrec'), 'kept')
  utimesSync(at('yesterday.rtrec'), 0, Date.parse('2026-11-29T18:30:00Z') / 1000)
  expect(() => asked({ record: at('yesterday.rtrec') })).toThrow(
    expect.objectContaining({
      message: `${at('yesterday.rtrec')} is there already, written at 2026-11-29 18:30 UTC: a recording would take its place.`,
      hint: 'Name another file, or add --overwrite.',
      exitCode: 2,
    }),
  )
  asked({ record: at('yesterday.rtrec'), overwrite: true })
  asked({ report: at('yesterday.html') })
  writeFileSync(at('yesterday.html'), 'a page')
  asked({ report: at('yesterday.html') })
  writeFileSync(at('empty.rtrec'), '')
  asked({ record: at('empty.rtrec') })
  asked({ record: '/dev/null' })
  expect(readFileSync(at('yesterday.rtrec'), 'utf8')).toBe('kept')
})

it('recording and report are two files', () => {
  expect(() => asked({ record: at('one'), report: `${folder}/./one` })).toThrow(
    'cannot be both the recording and the report',
  )
})

it.each([
  ['a.html', 'html'],
  ['a.HTM', 'html'],
  ['a.md', 'md'],
  ['a.b.json', 'json'],
  ['without-an-end', 'html'],
])('a report named %s is %s', (name, format) => {
  expect(requireFormat(name)).toBe(format)
})

it('a report that is named as what it cannot be is refused before the session', () => {
  for (const check of [() => requireFormat('a.pdf'), () => asked({ report: at('a.pdf') })])
    expect(check).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/a report is \.html, \.md or \.json, not \.pdf\.$/),
        exitCode: 2,
      }),
    )
  expect(existsSync(at('a.pdf'))).toBe(false)
})

it('nothing is written over the recording that it is made of, by whatever path', () => {
  writeFileSync(at('source.rtrec'), 'kept')
  linkSync(at('source.rtrec'), at('same.cast'))
  const over = (target: string) => () => requireOther('The cast', at('source.rtrec'), target)
  expect(over(at('source.rtrec'))).toThrow('would take the place of the recording that it is made of')
  expect(over(at('same.cast'))).toThrow('would take the place of the recording')
  expect(over(at('new.cast'))).not.toThrow()
  expect(over(at('old'))).not.toThrow()
})

it('a recording empties its file once it begins, not before', async () => {
  writeFileSync(at('a.rtrec'), 'kept')
  const unbegun = await open({ record: at('a.rtrec') })
  expect(await unbegun.close()).toEqual([])
  expect(readFileSync(at('a.rtrec'), 'utf8')).toBe('kept')
  const begun = await open({ record: at('a.rtrec') })
  await begun.begin()
  expect(await begun.close()).toEqual([expect.stringContaining(`The recording is ${at('a.rtrec')}`)])
  expect(begun.hasFailed).toBe(false)
  expect(readFileSync(at('a.rtrec')).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
})

it('a session that never began leaves the report alone that is there', async () => {
  writeFileSync(at('kept.md'), 'kept')
  const unbegun = await open({ report: at('kept.md') })
  expect(await unbegun.close()).toEqual([])
  expect(readFileSync(at('kept.md'), 'utf8')).toBe('kept')
})

it('closing twice writes the report once', async () => {
  const files = await open({ report: at('once.md') })
  await files.begin()
  const lines = await files.close()
  expect(lines).toEqual([`The report is ${at('once.md')}`])
  rmSync(at('once.md'))
  expect(await files.close()).toBe(lines)
  expect(existsSync(at('once.md'))).toBe(false)
})

it('neither recording nor report is named that could not be written', async () => {
  const problems: string[] = []
  const files = await open({ record: at('none/a.rtrec'), report: at('none/a.html') }, problems)
  await files.begin()
  expect(await files.close()).toEqual([])
  expect(files.hasFailed).toBe(true)
  expect(problems).toEqual([
    expect.stringMatching(
      /^The recording .*a\.rtrec cannot be written: its folder does not exist\.\nMake the folder/,
    ),
    expect.stringMatching(/^There is no report: .*a\.html cannot be written: its folder does not exist\./),
  ])
})
