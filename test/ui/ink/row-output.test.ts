/** The frame that ours puts together is the one that Ink's would, for whole rows and for everything else. */
import xterm from '@xterm/headless'
import InkOutput from 'ink-output'
import { expect, it } from 'vitest'
import { screenLines } from '../../../src/ui/app/screen-lines.ts'
import RowOutput from '../../../src/ui/ink/row-output.ts'
import { initialView } from '../../../src/ui/input/view-state.ts'
import { painter } from '../../../src/ui/text/ansi.ts'
import { chooseTheme } from '../../../src/ui/text/theme.ts'
import { cellWidths } from '../../support/cell-widths.ts'
import { scenarios } from '../../support/scenario.ts'

type Write = (output: InkOutput) => void

/** What a terminal shows of a frame: the characters of each row, and the look of each that is not blank. */
async function shown(frame: string, columns: number, rows: number): Promise<string[][]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  terminal.unicode.register(cellWidths)
  terminal.unicode.activeVersion = cellWidths.version
  await new Promise<void>((done) => terminal.write(frame.replaceAll('\n', '\r\n'), done))
  return Array.from({ length: rows }, (_, row) => {
    const line = terminal.buffer.active.getLine(row)
    return Array.from({ length: columns }, (_, column) => {
      const cell = line?.getCell(column)
      if (!cell || (cell.getChars().trim() === '' && !cell.isInverse())) return ' '
      return [cell.getChars(), cell.getFgColor(), cell.isBold(), cell.isDim(), cell.isInverse()].join(' ')
    })
  })
}

async function expectSame(width: number, height: number, write: Write): Promise<void> {
  const [ours, inks] = [new RowOutput({ width, height }), new InkOutput({ width, height })]
  for (const output of [ours, inks]) write(output)
  const frames = [ours.get(), inks.get()]
  expect(frames[0]?.height).toBe(frames[1]?.height)
  const [cells, wanted] = await Promise.all(frames.map(({ output }) => shown(output, width, height)))
  expect(cells).toEqual(wanted)
}

for (const [name, state] of Object.entries(scenarios))
  it(`${name}: the same cells in the same colours`, async () => {
    const paint = painter(chooseTheme('dark', 24, {}), false)
    const rows = screenLines(state(), initialView, 120, 40).lines.map(paint)
    await expectSame(120, 40, (output) =>
      output.write(0, 0, rows.map(() => ' ').join('\n'), { transformers: [(_, row) => rows[row] ?? ''] }),
    )
  })

it.each<[string, Write]>([
  [
    'texts beside each other',
    (output) => {
      output.write(0, 0, 'left', { transformers: [] })
      output.write(6, 0, 'right', { transformers: [] })
    },
  ],
  [
    'two texts in one row',
    (output) => {
      output.write(0, 1, 'a longer text', { transformers: [] })
      output.write(0, 1, 'short', { transformers: [] })
    },
  ],
  ['a text of two rows', (output) => output.write(0, 0, 'one\ntwo', { transformers: [] })],
  ['a text of more rows than there are', (output) => output.write(0, 0, 'a\nb\nc\nd', { transformers: [] })],
  ['rows that begin further right', (output) => output.write(3, 0, 'a\nb\nc', { transformers: [] })],
  ['rows that begin further down', (output) => output.write(0, 1, 'a\nb\nc', { transformers: [] })],
  [
    'a cut text',
    (output) => {
      output.clip({ x1: 0, x2: 3, y1: 0, y2: 2 })
      output.write(0, 0, 'abcdef', { transformers: [] })
      output.unclip()
    },
  ],
  ['a row below the last', (output) => output.write(0, 9, 'below', { transformers: [] })],
  [
    'a text that is transformed',
    (output) => output.write(0, 2, 'abc', { transformers: [(line) => line.toUpperCase()] }),
  ],
])('%s: as Ink does it', (_name, write) => expectSame(20, 3, write))
