import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/doctor/doctor.ts'
import { dataDirCheck, runtimeCheck, type TerminalFacts, terminalCheck } from '../../src/doctor/local.ts'
import { SMALLEST } from '../../src/ui/layout.ts'

const signal = new AbortController().signal
async function findings(check: {
  run(signal: AbortSignal): Promise<Finding | readonly Finding[]>
}): Promise<readonly Finding[]> {
  const found = await check.run(signal)
  return Array.isArray(found) ? found : [found as Finding]
}

describe('the terminal', () => {
  const facts: TerminalFacts = {
    isTty: true,
    columns: 120,
    rows: 40,
    smallest: SMALLEST,
    colorDepth: 24,
    env: { LANG: 'en_US.UTF-8' },
    platform: 'linux',
    ascii: false,
  }
  const look = (changes: Partial<TerminalFacts>) => findings(terminalCheck({ ...facts, ...changes }))

  it('is fine', async () => {
    expect(await look({})).toEqual([
      { level: 'ok', detail: '120×40' },
      { level: 'ok', detail: '16777216 colours' },
    ])
  })

  it.each([
    [{ columns: 59 }, '59×40 is too small'],
    [{ rows: 19 }, '120×19 is too small'],
    [{ env: { LANG: 'C' } }, 'the locale (C) is not UTF-8'],
    [{ env: {} }, 'the locale (none) is not UTF-8'],
    [{ env: { LANG: 'C.UTF-8', TERM: 'dumb' } }, 'TERM=dumb cannot move the cursor'],
    [{ isTty: false }, 'output is not a terminal'],
  ])('%j is a warning', async (changes, detail) => {
    const warnings = (await look(changes)).filter(({ level }) => level === 'warning')
    expect(warnings).toEqual([expect.objectContaining({ detail, fix: expect.any(String) })])
  })

  it('is large enough where the screen is drawn, and has been told to draw ASCII', async () => {
    const { columns, rows } = SMALLEST
    expect(await look({ columns, rows, env: { LANG: 'C' }, ascii: true })).toMatchObject([
      { level: 'ok', detail: '60×20' },
      { level: 'ok' },
    ])
  })

  it('obeys NO_COLOR, and needs no locale on Windows Terminal', async () => {
    expect(await look({ env: { NO_COLOR: '1', WT_SESSION: 'x' }, platform: 'win32' })).toEqual([
      { level: 'ok', detail: '120×40' },
      { level: 'ok', detail: 'no colours, as NO_COLOR asks' },
    ])
  })
})

describe('the runtime', () => {
  it.each([
    ['v24.1.0', 'ok'],
    ['v22.19.0', 'ok'],
    ['v22.18.9', 'failure'],
    ['v20.20.2', 'failure'],
  ])('%s is %s', async (version, level) =>
    expect(await findings(runtimeCheck(version))).toMatchObject([{ level }]),
  )
})

describe('the data folder', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rtstream-doctor-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('may not exist yet', async () => {
    expect(await findings(dataDirCheck(join(folder, 'a', 'b'), 1))).toMatchObject([{ level: 'ok' }])
  })

  it('should have room', async () => {
    expect(await findings(dataDirCheck(folder, 1e18))).toMatchObject([
      { level: 'warning', fix: expect.stringContaining('--lake-limit') },
    ])
  })

  it.each([
    [812_500_000, '812MB'],
    [1_999_000_000, '1GB'],
    [900_000, '0KB'],
  ])('has room of %i bytes: %s', async (free, text) => {
    const [finding] = await findings(dataDirCheck(folder, 1e12, () => free))
    expect(finding?.detail).toBe(`${folder} has ${text} free, the local lake may grow to 1TB`)
  })

  it('must be writable', async () => {
    // A file in the way stops root as well.
    writeFileSync(join(folder, 'file'), '')
    const [finding] = await findings(dataDirCheck(join(folder, 'file', 'data'), 1))
    expect(finding).toMatchObject({ level: 'failure', fix: 'Choose another folder with --data-dir.' })
  })
})
