/** `sql` as a table for a person: columns stand below each other whatever the script, what is not there is a dash, what is cut says so. */
import { createWriteStream, existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, it } from 'vitest'
import { runExport, runSql } from '../../src/commands/sql.ts'
import type { LakeQuery, QueryResult } from '../../src/pipeline/ports/query.ts'
import textWidth from '../../src/ui/text/text-width.ts'

const LONG = 'x'.repeat(100)
const RESULT: QueryResult = {
  columns: ['city', 'humidity', 'note', 'body'],
  rows: [
    ['東京', 55, '\x1b[2Jcalm', LONG],
    ['Zürich', null, '', '{}'],
    ['👩‍🚀'.repeat(40), 7, LONG, '{}'],
  ],
  isCut: false,
  files: 1,
  bytes: 1000,
}

it('stands in columns, with a dash for null, and a mark where a cell was cut', async () => {
  let out = ''
  const query = { run: async () => RESULT } as unknown as LakeQuery
  await runSql({
    query,
    target: 'local',
    sql: 'SELECT 1',
    format: 'table',
    maxRows: 10,
    yes: false,
    write: (text) => {
      out += text
    },
    writeError: () => {},
    drained: async () => {},
    signal: new AbortController().signal,
  })
  const [head = '', rule = '', tokyo = '', zurich = '', emoji = ''] = out.split('\n')
  expect(rule).toMatch(/^-{60} {2}-{8} {2}-{60} {2}-{100}$/)
  const from = head.indexOf('note')
  expect(textWidth(tokyo.slice(0, tokyo.indexOf('calm') - 4))).toBe(from)
  expect(zurich).toMatch(/^Zürich +– {2} +\{\}$/)
  expect(emoji).toMatch(/… +7 {2}x{59}… {2}\{\}$/)
  // The last column has the line to its end.
  expect(tokyo.endsWith(LONG)).toBe(true)
  expect(out).not.toContain('\x1b')
})

it('a table that finds no room names the file that has none', async (context) => {
  if (!existsSync('/dev/full')) return context.skip('needs a device that is always full')
  const query = {
    export: async (_table: string, _format: string, file: string) => {
      await pipeline(Readable.from(['a,b\n']), createWriteStream(file))
      return 1
    },
  } as unknown as LakeQuery
  await expect(
    runExport({
      query,
      target: 'local',
      table: 'gold',
      format: 'csv',
      out: '/dev/full',
      yes: false,
      write: () => {},
      writeError: () => {},
      drained: async () => {},
      signal: new AbortController().signal,
    }),
  ).rejects.toThrow('/dev/full cannot be written: its disk is full.')
})
