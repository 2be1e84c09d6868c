/** What can be opened in the built program, in a real terminal, over the services that really run: zooms, rows, layers, SQL. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BIN, temporaryFolder } from '../support/cli.ts'
import { openTerminal } from '../support/terminal.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const WAIT = 30_000

it('every zoom shows what the services have written, rows open, and the layers answer', async () => {
  const args = [BIN, '--data-dir', folder.path, '--stations', '100', '--interval', '1s']
  const terminal = openTerminal({
    command: process.execPath,
    args,
    columns: 80,
    rows: 40,
    cwd: folder.path,
    env: { DISPLAY: undefined, WAYLAND_DISPLAY: undefined },
  })
  const shows = (wanted: string | RegExp) => terminal.waitFor(wanted, WAIT)
  try {
    await terminal.waitFor((screen) => /○ agg/.test(screen.join()), WAIT)
    terminal.press('a')
    await shows(/● gen.*● asa.*● silver.*● gold.*● agg/)
    await shows(/gold +\d+ +[\d.]+ KB +[1-9]/)

    terminal.press('\x1b4', 'enter')
    await shows(
      /newest files of bronze[\s\S]*_\d+\.json[\s\S]*Delta commits[\s\S]*silver +\d+ +STREAMING UPDATE/,
    )
    for (let row = 0; row < 12; row++) terminal.press('j')
    terminal.press('enter')
    await shows(/file of bronze|commit \d+ of/)
    terminal.press('q', 'q', 'q')

    terminal.press('\x1b2', 'enter')
    await shows(/events\/s by look[\s\S]*▇[\s\S]*the job, as bronze tells[\s\S]*stream-analytics +AMQP/)
    terminal.press('j', 'enter')
    await shows('not in bronze yet')
    terminal.press('q', 'q', 'q')

    terminal.press('\x1b5', 'enter')
    await shows(/batches of silver[\s\S]*batches of gold[\s\S]*history of silver/)
    // The path of the checkout may be longer than the line.
    terminal.resize(400, 40)
    await shows(/batches of silver[\s\S]*history of silver/)
    terminal.press('g')
    await shows(/No desktop here to open it: file:.*silver\.py/)
    await shows(/address[\s\S]*file:[\s\S]*silver\.py/)
    terminal.press('q', 'q')
    terminal.resize(80, 40)

    terminal.press('\x1b8', 'enter', '\x1b[C')
    await shows(/all \d+ +generator \d+/)
    terminal.press('q')

    // Each layer's newest rows, chosen in the zoomed lake; a row opens, with columns that the window had no room for.
    terminal.press('\x1b4')
    await shows(/q quit/)
    terminal.press('enter')
    await shows(/Delta commits/)
    for (const [index, name] of [
      'bronze',
      'silver',
      'quarantine',
      'gold',
      'by minute',
      'aggregated',
    ].entries()) {
      // Leaving the rows has left nothing chosen.
      for (let row = 0; row <= index; row++) terminal.press('j')
      await terminal.waitFor((screen) => {
        const row = screen.findIndex((line) => line.startsWith(`│ ${name} `))
        return row > 0 && terminal.cells(row)[3]?.isInverse === true
      }, WAIT)
      terminal.press('o')
      await terminal.waitFor(
        (screen) =>
          screen.join('').includes(`newest rows of ${name} `) && !screen.join('').includes('asking …'),
        WAIT,
      )
      expect(terminal.text()).not.toContain('The query failed')
      terminal.press('q')
      await shows(/Delta commits/)
    }
    terminal.press('q')
    await shows(/q quit/)

    terminal.press('o')
    await shows(/columns 1–\d of 10 ←→[\s\S]*station-/)
    for (let column = 0; column < 9; column++) terminal.press('right')
    await shows(/column 10 of 10|columns 9–10 of 10/)
    terminal.press('j')
    await shows(/enter open/)
    terminal.press('enter')
    await shows(/╭ row [\s\S]*eventId +\S+[\s\S]*partitionId +\d/)
    terminal.press('q')
    await shows(/newest rows of silver/)
    terminal.press('q')
    await shows(/q quit/)
    terminal.press('s')
    await shows('SQL over the layers')
    terminal.press('SELECT 40 + 2 AS answer', 'enter')
    await shows(/answer[\s\S]*42[\s\S]*1 row, from/)
    // What was asked comes back, and the prepared questions behind it.
    terminal.press('q')
    await shows(/q quit/)
    terminal.press('s')
    await shows('SQL over the layers')
    terminal.press('up')
    await shows('SELECT 40 + 2 AS answer▏')
    terminal.press('up', 'enter')
    await shows(/city +readings +mean[\s\S]*rows, from \d+ files?/)
    terminal.press('q')
    await shows(/q quit/)
    // A table to a file, by its name.
    terminal.press('E')
    await shows('Which one?')
    for (const letter of 'golden') terminal.press(letter)
    terminal.press('enter')
    await shows('There is no table golden')
    terminal.press('E')
    await shows('Which one?')
    for (const letter of 'by_minute parquet') terminal.press(letter)
    await shows('by_minute parquet▏')
    terminal.press('enter')
    await shows(/export of by_minute[\s\S]*rows? of by_minute in/)
    expect(readFileSync(join(folder.path, 'by_minute.parquet')).subarray(0, 4).toString()).toBe('PAR1')
    terminal.press('q')
    await shows(/q quit/)
    await exportsAndQueries()
    terminal.press('\x13')
    await shows(/✓ Saved screen-/)
    expect(readdirSync(join(folder.path, 'logs')).join(' ')).toMatch(/\.svg/)
    terminal.press('q')
    await shows('quit?')
    terminal.press('q')
    expect((await terminal.exit).code).toBe(0)
    expect(existsSync(join(folder.path, 'logs'))).toBe(true)
  } finally {
    await terminal.close()
  }
}, 180_000)

/** What the running session has in its lake, on a terminal of its own: as files, as a table, as lines. */
async function exportsAndQueries(): Promise<void> {
  const csv = await ended('export', 'gold', '--format', 'csv')
  expect(csv).toMatchObject({ code: 0, isAlternateScreen: false })
  const [, count = ''] = /([\d,]+) rows? of gold in \S*gold\.csv/.exec(csv.text) ?? []
  const rows = Number(count.replaceAll(',', ''))
  const [head = '', ...lines] = readFileSync(join(folder.path, 'gold.csv'), 'utf8').trimEnd().split('\n')
  expect(head).toMatch(/^eventId,deviceId,/)
  expect(lines).toHaveLength(rows)
  expect(rows).toBeGreaterThan(0)

  const parquet = await ended('export', 'silver', '--format', 'parquet')
  expect(parquet.text).toMatch(/rows? of silver in \S*silver\.parquet/)
  expect(readFileSync(join(folder.path, 'silver.parquet')).subarray(0, 4).toString()).toBe('PAR1')

  const sql = 'SELECT 40 + 2 AS answer, count(*) > 0 AS hasRows FROM gold'
  expect((await ended('sql', sql)).text).toMatch(/answer[^\n]*hasRows\s[\s\S]*42[^\n]*true/)
  expect((await ended('sql', sql, '--json')).text).toContain('{"answer":42,"hasRows":true}')
  // A count is a number for whoever reads it.
  expect((await ended('sql', 'SELECT 40::BIGINT + 2 AS answer', '--json')).text).toContain('{"answer":42}')
  expect((await ended('sql', 'SELECT 9007199254740993 AS id', '--json')).text).toContain(
    '{"id":"9007199254740993"}',
  )
  expect((await ended('sql', sql, '--csv')).text).toMatch(/^answer,hasRows\n42,true/)
  await statusIsOneSnapshot()
  const piped = (await ended('export', 'by_minute', '--out', '-')).text
  expect(piped).toMatch(/^\d{4}-\d\d-\d\d [^\n]*,\d+\.?\d*$[\s\S]*\d rows? of by_minute\s*$/m)
  const binary = await ended('export', 'gold', '--format', 'parquet', '--out', '-')
  expect(binary).toMatchObject({ code: 2, text: expect.stringContaining('--out gold.parquet') })
  const nowhere = await ended('export', 'gold', '--out', join(folder.path, 'nowhere', 'gold.csv'))
  expect(nowhere).toMatchObject({
    code: 1,
    text: expect.stringMatching(/cannot be written: its folder does not exist/),
  })
  const wrong = await ended('export', 'golden', '--format', 'csv')
  expect(wrong.code).toBe(2)
  expect(wrong.text).toMatch(/There is no table golden[\s\S]*One of: bronze, silver/)
}

/** Asked beside everything that runs, three at a time, each answer adds up: no layer has more than the one before it. */
async function statusIsOneSnapshot(): Promise<void> {
  const many = await Promise.all(Array.from({ length: 3 }, () => ended('status')))
  for (const { code, text } of [...many, await ended('status')]) {
    expect(code, text).toBe(0)
    const rows = (name: string) =>
      Number(new RegExp(`^${name} +([\\d,]+) (?:rows?|events?)\\b`, 'm').exec(text)?.[1]?.replaceAll(',', ''))
    expect(rows('silver'), text).toBeGreaterThan(0)
    expect(rows('gold'), text).toBeLessThanOrEqual(rows('silver'))
    expect(rows('silver') + rows('quarantine'), text).toBeLessThanOrEqual(rows('bronze'))
    expect(rows('bronze'), text).toBeLessThanOrEqual(rows('hub'))
    expect(text).toMatch(/^silver +running \(RUNNING\)/m)
  }
}

/** A command on a terminal, with what it has shown once it has ended. */
async function ended(...args: string[]) {
  const terminal = openTerminal({
    command: process.execPath,
    args: [BIN, ...args, '--data-dir', folder.path],
    columns: 160,
    rows: 30,
    cwd: folder.path,
  })
  try {
    const { code } = await terminal.exit
    return { code, text: terminal.text(), isAlternateScreen: terminal.isAlternateScreen }
  } finally {
    await terminal.close()
  }
}

it('export names a table that there is none of, before it looks for a session', async () => {
  const { code, text } = await ended('export', 'goldd')
  expect(code).toBe(2)
  expect(text).toMatch(/There is no table goldd[\s\S]*One of: bronze, silver/)
}, 60_000)

it('stop without a session does not say to start one', async () => {
  const { code, text } = await ended('stop')
  expect(code).toBe(1)
  expect(text).toMatch(/No rtstream-tui runs on \S+[\s\S]*Nothing is to be stopped there/)
}, 60_000)

it('export without a session says what to start', async () => {
  const { code, text } = await ended('export', 'gold')
  expect(code).toBe(1)
  expect(text).toMatch(/No rtstream-tui runs on \S+[\s\S]*Start one in another terminal/)
}, 60_000)
