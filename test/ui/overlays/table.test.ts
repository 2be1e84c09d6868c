/** A table that is wider than the window is gone through column by column, and says how many are not seen. */
import { expect, it } from 'vitest'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import { shiftTable } from '../../../src/ui/input/view-keys.ts'
import { initialView, noTable, type ViewState } from '../../../src/ui/input/view-state.ts'
import { mistakeLines, tableLines } from '../../../src/ui/panels/table-lines.ts'
import { plainText, wrapData } from '../../../src/ui/text/line.ts'
import { scenarios } from '../../support/scenario.ts'

const COLUMNS = ['eventId', 'city', 'temperature', 'humidity', 'createdAt', 'partitionId']
const ROWS = [
  ['2f1c9a4e-1111-4222-8333-944445555666', '東京都', 12, 58, '2026-11-24T12:31:10.000Z', 3],
  ['9a4e2f1c-1111-4222-8333-944445555666', 'Lima', 19, 83, '2026-11-24T12:31:11.000Z', 0],
]
const open = (): ViewState => ({
  ...initialView,
  overlay: 'table',
  table: {
    ...noTable('newest rows of silver'),
    ...tableLines({ columns: COLUMNS, rows: ROWS, isCut: false, files: 2, bytes: 4_000_000 } as never),
  },
})
const shown = (view: ViewState, columns = 80) => {
  const { lines, details } = screenLines(scenarios.allRunning(), view, columns, 24)
  return { text: lines.map(plainText).join('\n'), details }
}

it('says which columns are seen, and → brings the others, wide characters and all', () => {
  let view = open()
  expect(shown(view).text).toMatch(/columns 1–4 of 6 ←→/)
  expect(shown(view).text).not.toContain('partitionId')
  for (let times = 0; times < 3; times++) view = shiftTable(view, 'right') as ViewState
  const { text } = shown(view)
  expect(text).toMatch(/columns 4–6 of 6 ←→/)
  expect(text).toMatch(/humidity +createdAt +partitionId/)
  expect(text).toMatch(/58 +2026-11-24T12:31:10.000Z +3/)
  expect(text).not.toContain('東京都')
  expect(text).toContain('2 rows, from 2 files, 4.0 MB')
  for (let times = 0; times < 9; times++) view = shiftTable(view, 'right') as ViewState
  expect(shown(view).text).toContain('column 6 of 6')
  for (let times = 0; times < 9; times++) view = shiftTable(view, 'left') as ViewState
  expect(shown(view).text).toMatch(/│ eventId/)
})

it('says nothing where all columns are seen', () => {
  expect(shown(open(), 200).text).not.toContain('columns 1')
})

it('opens a row column by column', () => {
  const { details } = shown(open())
  expect(details[0]).toBeUndefined()
  expect(details[1]?.facts).toEqual(COLUMNS.map((name, index) => [name, String(ROWS[0]?.[index])]))
  expect(details.slice(3)).toEqual([undefined, undefined])
})

it('leaves left and right to the panels elsewhere', () => {
  expect(shiftTable({ ...initialView }, 'right')).toBeUndefined()
  expect(shiftTable({ ...open(), table: noTable('', ['asking …']) }, 'right')).toBeUndefined()
})

it('breaks JSON between members, never at the blanks within a value', () => {
  const json = '{"city":"São Paulo do Sul","timestamp":"2026-11-24 12:31:10","humidity":58}'
  expect(wrapData(json, 40)).toEqual([
    '{"city":"São Paulo do Sul",',
    '"timestamp":"2026-11-24 12:31:10",',
    '"humidity":58}',
  ])
  expect(wrapData(json, 80)).toEqual([json])
  expect(wrapData('a sentence of words', 12)).toEqual(['a sentence', 'of words'])
  expect(Math.max(...wrapData(`{"a":"${'x'.repeat(90)}"}`, 30).map((line) => line.length))).toBe(30)
})

const shownOf = (columns: string[], rows: unknown[][], width = 80) => {
  const table = { ...noTable('rows'), ...tableLines({ columns, rows, isCut: false, files: 1, bytes: 0 }) }
  return shown({ ...initialView, overlay: 'table', table }, width)
}

it('shows no part of a number at the edge of the window: the whole column comes with →', () => {
  const wide = 'x'.repeat(40)
  const { text } = shownOf(['a', 'b', 'n'], [[wide, 'y'.repeat(30), 1234567]])
  expect(text).toContain(`${wide}  ${'y'.repeat(30)}  …`)
  expect(text).not.toMatch(/y {2}1/)
})

it('cuts the last column where it is a long text, and opens it whole', () => {
  const line = `{"city":"Lima","more":"${'z'.repeat(90)}"}`
  const { text, details } = shownOf(['file', 'line'], [['weather/2026/11/24/12-31/0_30.json', line]])
  expect(text).toMatch(/\{"city":"Lima","more":"z+…/)
  expect(details[1]?.facts).toContainEqual(['line', line])
})

it('keeps the end of a path that is cut, and tells all of it once it is opened', () => {
  const path = `weather/2026/11/24/12-31/${'0'.repeat(40)}_30.json`
  const { text, details } = shownOf(['file', 'n'], [[path, 30]])
  expect(text).toMatch(/…0+_30\.json +30/)
  expect(details[1]?.facts[0]).toEqual(['file', path])
})

it('puts numbers at the right, below each other', () => {
  const { text } = shownOf(
    ['city', 'n'],
    [
      ['Lima', 5],
      ['Oslo', 1204],
      ['Cairo', null],
    ],
  )
  expect(text).toMatch(/Lima {6}5 [\s\S]*Oslo {3}1204 [\s\S]*3 rows, from 1 file, 0\.0 MB/)
})

it('a query that failed says what can be asked, and keeps no guess that is not one of ours', () => {
  const views = 'The views are bronze, silver, quarantine, gold, by_minute, aggregated.'
  const message = 'Catalog Error: Table with name nope does not exist!\nDid you mean "pg_enum"?\n\nLINE 1: …'
  expect(mistakeLines(new Error(message))).toEqual([
    'The query failed.',
    'Catalog Error: Table with name nope does not exist!',
    '',
    'LINE 1: …',
    '',
    views,
  ])
  expect(mistakeLines(new Error('No.\nDid you mean "silver"?'))).toContain('Did you mean "silver"?')
  expect(mistakeLines('cut off')).toEqual(['The query failed.', 'cut off', '', views])
})
