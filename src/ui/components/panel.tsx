import { Box } from 'ink'
import { cut, type Line, lineWidth, span, widthOf } from '../line.ts'
import { useStyle } from '../style.ts'
import { Row } from './row.tsx'

export interface PanelProps {
  title: string
  /** Right of the title: the one number that matters. */
  value: Line
  lines: readonly Line[]
  width: number
  height: number
  isFocused: boolean
}

/** A titled frame around lines; lines beyond the frame are left out, never squeezed. */
export function Panel({ title, value, lines, width, height, isFocused }: PanelProps) {
  const { glyphs } = useStyle()
  const token = isFocused ? 'borderFocused' : 'border'
  const inside = width - 4
  const shown = lines.slice(0, height - 2)
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      <Row
        width={width}
        line={topLine(
          title,
          value,
          width,
          isFocused,
          [topLeft, topRight],
          glyphs.horizontal,
          glyphs.ellipsis,
        )}
      />
      {Array.from({ length: height - 2 }, (_, index) => (
        // Rows stand where they stand.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Box key={index} width={width} height={1} flexShrink={0}>
          <Row width={2} line={[span(`${glyphs.vertical} `, token)]} />
          <Row width={inside} line={shown[index] ?? []} />
          <Row width={2} line={[span(` ${glyphs.vertical}`, token)]} />
        </Box>
      ))}
      <Row
        width={width}
        line={[span(bottomLeft + glyphs.horizontal.repeat(width - 2) + bottomRight, token)]}
      />
    </Box>
  )
}

function topLine(
  title: string,
  value: Line,
  width: number,
  isFocused: boolean,
  [topLeft, topRight]: readonly [string, string],
  horizontal: string,
  ellipsis: string,
): Line {
  const token = isFocused ? 'borderFocused' : 'border'
  const end: Line = lineWidth(value) > 0 ? [span(' '), ...value, span(' ')] : []
  const room = width - 4 - lineWidth(end)
  const shown = cut(title, room, ellipsis)
  const rule = Math.max(0, width - 4 - widthOf(shown) - lineWidth(end))
  return [
    span(`${topLeft} `, token),
    span(shown, isFocused ? 'accent' : 'title', true),
    span(` ${horizontal.repeat(rule)}`, token),
    ...end,
    span(topRight, token),
  ]
}
