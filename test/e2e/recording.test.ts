/** A session without a screen, broken on purpose, recorded, reported, replayed and exported. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLocalAzure } from '../../src/local/hosting/host.ts'
import { settingsFor } from '../support/azure-settings.ts'
import { BIN, cli, startCli, temporaryFolder } from '../support/cli.ts'
import { localOptions } from '../support/local-azure.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder.path, name)
afterAll(() => folder.remove())

/** Ten seconds on, at most the end: `00:07` → `00:17`. */
function ten(from: string, end: string): string {
  const seconds = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
  return seconds(from) + 10 > seconds(end) ? end : `00:${seconds(from) + 10}`
}

describe('a recorded run', () => {
  beforeAll(async () => {
    const { code, stderr } = await cli([
      ...['run', '--duration', '7s', '--stations', '50', '--interval', '1s', '--data-dir', at('data')],
      ...['--dirty', '0.1'],
      ...['--fault', 'job-killed@1s:2s', '--fault', 'duplicate-storm@4s:2s'],
      ...['--record', at('a.rtrec'), '--report', at('a.html')],
    ])
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }, 90_000)

  it('leaves a report that tells of the faults, and of a balanced ledger', () => {
    const html = readFileSync(at('a.html'), 'utf8')
    expect(html).toContain('Balanced')
    expect(html).toContain('job killed')
    expect(html).toContain('duplicate storm')
    expect(html).toMatch(/<svg/)
    expect(html).toContain('Quarantined rows by reason')
    expect(html).toMatch(/<h3>silver<\/h3>/)
  })

  it('is reported again from its recording, in each form', async () => {
    const { code, lines } = await cli(['report', at('a.rtrec'), '--format', 'json'])
    expect(code).toBe(0)
    const report = JSON.parse(lines.join('\n'))
    expect(report).toMatchObject({ type: 'report', verdict: 'balanced' })
    expect(report.faults.map(({ name }: { name: string }) => name)).toEqual(['job-killed', 'duplicate-storm'])
    const written = await cli(['report', at('a.rtrec'), '--out', at('b.md')])
    expect(written.lines).toEqual([at('b.md')])
    expect(written.stderr).toBe('')
    expect(readFileSync(at('b.md'), 'utf8')).toMatch(/^# Report/)
  })

  it.each([
    ['says on a terminal what it does meanwhile', 'b.md', 'Reading the recording'],
    ['says nothing of it where a program asks', 'b.json', ''],
  ])('%s', async (_, out, expected) => {
    const terminal = openTerminal({
      command: process.execPath,
      args: [BIN, 'report', at('a.rtrec'), '--out', at(out)],
      columns: 200,
    })
    try {
      expect((await terminal.exit).code).toBe(0)
      const said = expected === '' ? [] : [`${expected} ${at('a.rtrec')} …`]
      expect(terminal.text().trim().split(/\s*\n/)).toEqual([...said, at(out)])
    } finally {
      await terminal.close()
    }
  })

  it('is reported from its data folder too, by whoever comes later', async () => {
    const recorded = JSON.parse((await cli(['report', at('a.rtrec'), '--format', 'json'])).lines.join('\n'))
    const folderReport = async () => {
      const { code, stderr, lines } = await cli(['report', '--data-dir', at('data'), '--format', 'json'])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      return JSON.parse(lines.join('\n'))
    }
    const report = await folderReport()
    expect(report).toMatchObject({ source: 'folder', verdict: 'balanced' })
    // What came twice is known to the session alone that sent it: to all others the hub's word counts.
    const { acknowledged: _acknowledged, enqueuedTwice: _twice, ...counted } = recorded.ledger
    expect(report.ledger).toMatchObject(counted)
    expect(report.assertions).toHaveLength(5)
    expect(report.layers).toEqual(recorded.layers)
    const { quarantine, samples, ledger } = report
    expect(quarantine.length).toBeGreaterThan(0)
    expect(samples.at(-1).rows).toMatchObject({ silver: ledger.silver, quarantine: ledger.quarantined })
    expect(report.tables.map(({ name }: { name: string }) => name)).toContain('quarantine')
    expect(Object.fromEntries(report.settings)).toMatchObject({ Node: process.version, engine: 'duckdb' })
    // While another program holds the folder, it is asked.
    const served = startCli(['serve', '--data-dir', at('data')])
    try {
      await served.line((line) => line.includes('://'))
      expect((await folderReport()).ledger).toEqual(ledger)
    } finally {
      served.child.kill('SIGINT')
      await served.exit
    }
    expect((await cli(['report', '--data-dir', at('nowhere')])).code).toBe(2)
    expect(existsSync(at('nowhere'))).toBe(false)
  }, 90_000)

  it('is reported from Azure too, where nothing is started or changed for it', async () => {
    const asFolder = JSON.parse(
      (await cli(['report', '--data-dir', at('data'), '--format', 'json'])).lines.join('\n'),
    )
    const azure = await startLocalAzure(localOptions(at('data')))
    try {
      const env = settingsFor(azure, at('bin'))
      const args = ['report', '--target', 'azure', '--data-dir', at('nowhere')]
      const { code, stderr, lines } = await cli([...args, '--format', 'json'], { env })
      expect(stderr).toBe('')
      expect(code).toBe(0)
      const report = JSON.parse(lines.join('\n'))
      expect(report).toMatchObject({ type: 'report', source: 'folder', verdict: 'balanced' })
      expect(Object.fromEntries(report.settings)).toMatchObject({ target: 'azure' })
      for (const part of ['ledger', 'layers', 'quarantine'] as const)
        expect([part, report[part]]).toEqual([part, asFolder[part]])
      const shapes = ({ tables }: { tables: { name: string; columns: string[]; rows: unknown[] }[] }) =>
        tables.map(({ name, columns, rows }) => [name, columns, rows.length])
      expect(shapes(report)).toEqual(shapes(asFolder))
      expect(report.samples).toHaveLength(asFolder.samples.length)
      // Nobody's keys stand in a file there.
      expect(report.marks).toEqual([])
      const page = await cli([...args, '--out', at('azure.html')], { env })
      expect([page.code, page.stderr]).toEqual([0, ''])
      expect(readFileSync(at('azure.html'), 'utf8')).toContain('Balanced')
      expect(existsSync(at('nowhere'))).toBe(false)
      const status = await cli(['status', '--target', 'azure', '--json'], { env })
      expect(status.lines.join('\n')).not.toMatch(/"running"|"starting"/)
      // Without the Azure CLI nobody is signed in.
      const nobody = await cli(args, { env: { ...env, PATH: '' } })
      expect(nobody.code).toBe(1)
      expect(nobody.lines).toEqual([])
      expect(nobody.stderr).toMatch(
        /^There is nothing to report, as the lake cannot be read: .*\n.*doctor --target azure/,
      )
    } finally {
      await azure.close()
    }
  }, 120_000)

  it('becomes a cast', async () => {
    const { code } = await cli([
      'replay',
      at('a.rtrec'),
      '--cast',
      at('a.cast'),
      '--columns',
      '100',
      '--rows',
      '30',
    ])
    expect(code).toBe(0)
    const [head = '', ...events] = readFileSync(at('a.cast'), 'utf8').trim().split('\n')
    expect(JSON.parse(head)).toMatchObject({ version: 2, width: 100, height: 30 })
    expect(events.length).toBeGreaterThan(10)
    for (const event of events)
      expect(JSON.parse(event)).toEqual([expect.any(Number), 'o', expect.any(String)])
    const third = await cli(['replay', at('a.rtrec'), '--cast', at('b.cast'), '--cast-version', '3'])
    expect(third.code).toBe(0)
    const [header = '', ...later] = readFileSync(at('b.cast'), 'utf8').trim().split('\n')
    expect(JSON.parse(header)).toMatchObject({ version: 3, term: { cols: 120, rows: 40 } })
    const seconds = later.reduce((sum, event) => sum + JSON.parse(event)[0], 0)
    expect(seconds).toBeCloseTo(JSON.parse(events.at(-1) ?? '')[0], 3)
    expect((await cli(['replay', at('a.rtrec'), '--cast', at('c.cast'), '--cast-version', '1'])).code).toBe(2)
    expect(existsSync(at('c.cast'))).toBe(false)
  })

  it('plays on the same screen without any service, pauses and seeks', async () => {
    const terminal = openTerminal({
      command: process.execPath,
      args: [BIN, 'replay', at('a.rtrec'), '--speed', '0.25', '--data-dir', at('nothing')],
    })
    try {
      await terminal.waitFor(/replay .*00:0\d of 00:\d\d, ×0\.25/, 30_000)
      terminal.press(' ')
      await terminal.waitFor(/×0\.25, paused/, 30_000)
      // Paused, nothing but a key moves it: each of these screens stays as it is.
      const place = () => /(00:\d\d) of (00:\d\d), ×[\d.]+/.exec(terminal.text()) ?? []
      const [, begin = '', end = ''] = place()
      terminal.press('.')
      await terminal.waitFor(
        (screen) => screen.join('\n').includes(` ${ten(begin, end)} of ${end}, ×0.25`),
        30_000,
      )
      terminal.press(',')
      await terminal.waitFor((screen) => !screen.join('\n').includes(` ${ten(begin, end)} of `), 30_000)
      for (const [key, speed] of ['>0.5', '>1', '>2', '<1', '>2'].map((one) => [one[0], one.slice(1)])) {
        terminal.press(key as string)
        await terminal.waitFor(`, ×${speed}, paused`, 30_000)
      }
      // Going on, it comes to its end by itself, and stops there.
      terminal.press(' ')
      await terminal.waitFor(new RegExp(`${end} of ${end}, ×2, paused`), 60_000)
      terminal.press('a')
      await terminal.waitFor(/recording|Read-only/i, 30_000)
      expect(terminal.text()).toMatch(/acknowledged|stream analytics/i)
      terminal.press('q')
      expect((await terminal.exit).code).toBe(0)
    } finally {
      await terminal.close()
    }
    expect(existsSync(at('nothing'))).toBe(false)
  }, 60_000)

  it('begins where --from says, and at its end when that is later', async () => {
    for (const [from, place] of [
      ['00:05', /replay +00:0[5-9] of 00:\d\d, ×0\.25/],
      ['59:00', /replay +(00:\d\d) of \1, ×0\.25, paused/],
    ] as const) {
      const terminal = openTerminal({
        command: process.execPath,
        args: [BIN, 'replay', at('a.rtrec'), '--from', from, '--speed', '0.25', '--data-dir', at('nothing')],
      })
      try {
        await terminal.waitFor(place, 30_000)
        terminal.press('q')
        expect((await terminal.exit).code).toBe(0)
      } finally {
        await terminal.close()
      }
    }
    const { code, stderr } = await cli(['replay', at('a.rtrec'), '--from', 'noon'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/--from/)
  }, 90_000)

  it('is not played on a terminal that says it cannot be drawn on', async () => {
    const terminal = openTerminal({
      command: process.execPath,
      args: [BIN, 'replay', at('a.rtrec')],
      env: { TERM: 'dumb', COLORTERM: '' },
    })
    expect((await terminal.exit).code).toBe(2)
    expect(terminal.text().replaceAll('\n', '')).toMatch(/A replay needs a terminal.*TERM=dumb.*--cast/)
    expect(terminal.written).not.toContain('\x1b')
    await terminal.close()
  })

  it('refuses what is no recording, in one line', async () => {
    const { code, stderr } = await cli(['report', at('a.html')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/is not a recording of rtstream-tui/)
    expect((await cli(['run', '--fault', 'moon@1s:1s'])).code).toBe(2)
    expect((await cli(['lesson'])).lines.map((line) => line.split(' ')[0])).toContain('pipeline')
  })
})

it.each([
  [['--record', 'there.rtrec'], /there\.rtrec is there already, written at .* UTC.*\n.*--overwrite/],
  [['--report', 'there.pdf'], /a report is \.html, \.md or \.json, not \.pdf\.\n/],
])('run %j is refused before anything starts', async ([flag = '', name = ''], expected) => {
  writeFileSync(at(name), 'kept')
  const { code, lines, stderr } = await cli(['run', '--data-dir', at('unused'), flag, at(name)])
  expect({ code, lines }).toEqual({ code: 2, lines: [] })
  expect(stderr).toMatch(expected)
  expect(existsSync(at('unused'))).toBe(false)
  expect(readFileSync(at(name), 'utf8')).toBe('kept')
})

it('a second start on the same folder leaves the recording alone that the first one writes', async () => {
  const dataDir = at('taken')
  const services = startCli(['serve', '--data-dir', dataDir])
  const ready = await services.line((line) => line.startsWith('Ready'))
  expect(ready.endsWith(`rtstream-tui endpoints --data-dir ${dataDir}`)).toBe(true)
  writeFileSync(at('first.rtrec'), 'what the first one has written')
  const terminal = openTerminal({
    command: process.execPath,
    args: [
      ...[BIN, '--data-dir', dataDir, '--record', at('first.rtrec'), '--overwrite'],
      ...['--report', at('second.html')],
    ],
  })
  expect(await terminal.exit).toEqual({ code: 1, signal: 0 })
  expect(terminal.text()).toMatch(/Another rtstream-tui serve already runs on/)
  expect(readFileSync(at('first.rtrec'), 'utf8')).toBe('what the first one has written')
  await terminal.close()
  services.child.kill('SIGTERM')
  await services.exit
}, 60_000)

it.each(['--record', '--report'])(
  '%s in a folder that does not exist is told before anything starts',
  async (flag) => {
    const { code, lines, stderr } = await cli(['run', '--data-dir', at('unused'), flag, at('nowhere/a')])
    expect(code).toBe(1)
    expect(lines).toEqual([])
    expect(stderr).toBe(
      `${at('nowhere/a')} cannot be written: its folder does not exist.\nMake the folder first, or name another place.\n`,
    )
    expect(existsSync(at('unused'))).toBe(false)
  },
)
