/** Frames: a titled border around lines, every line exactly as wide as the frame. */
import { cut, type Line, lineWidth, span, toWidth } from './line.ts'
import textWidth from './text-width.ts'
import type { Token } from './theme.ts'

/** What stands in a frame and in its upper border. */
export interface Framed {
  /** The key that goes with the panel, before the title. */
  hotkey?: string | undefined
  title: string
  /** After the title, quieter: a unit, a name. */
  subtitle?: string | undefined
  /** Right of the title: the one number that matters. */
  value?: Line | undefined
  lines: readonly Line[]
}

/** Columns and rows that a frame takes of its panel. */
export const FRAME = { columns: 4, rows: 2 } as const

/** @param width of the whole frame, in columns. @param height in rows; content beyond it is left out, missing rows are blank. */
export function framed(content: Framed, width: number, height: number, border: Token): Line[] {
  const inside = width - FRAME.columns
  const [start, end] = [span('│ ', border), span(' │', border)]
  const body = Array.from(
    { length: height - FRAME.rows },
    (_, row): Line => [start, ...toWidth(content.lines[row] ?? [], inside), end],
  )
  return [topLine(content, width, border), ...body, [span(`╰${'─'.repeat(width - 2)}╯`, border)]]
}

/** `╭ 2 stream analytics ──────── delay 1.0 s ╮`; in focus the title is a badge, which needs no colour to be seen. */
function topLine({ hotkey, title, subtitle, value = [] }: Framed, width: number, border: Token): Line {
  const isFocused = border === 'borderFocused'
  const end: Line = lineWidth(value) > 0 ? [span(' '), ...value, span(' ')] : []
  const key = hotkey === undefined ? '' : `${hotkey} `
  // Corners, and a blank at either side of the title.
  const room = width - 4 - lineWidth(end)
  const name = cut(title, room - textWidth(key))
  const left = room - textWidth(key + name)
  const more: Line = subtitle && textWidth(subtitle) + 4 < left ? [span(` ${subtitle} `, 'muted')] : []
  const heading: Line = isFocused
    ? [{ text: ` ${key}${name} `, token: 'accent', bold: true, inverse: true }]
    : [span(` ${key}`, 'accent', true), span(`${name} `, 'title', true)]
  return [
    span('╭', border),
    ...heading,
    ...more,
    span('─'.repeat(Math.max(0, left - lineWidth(more))), border),
    ...end,
    span('╮', border),
  ]
}

/** Panels that stand side by side, as rows of the screen. All have the same height. */
export const sideBySide = (blocks: readonly (readonly Line[])[]): Line[] =>
  (blocks[0] ?? []).map((_, row) => blocks.flatMap((block) => block[row] ?? []))
