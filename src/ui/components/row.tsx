import { Text } from 'ink'
import { type Line, toWidth } from '../line.ts'
import { useStyle } from '../style.ts'

/** One line of the screen, exactly as wide as told. */
export function Row({ line, width }: { line: Line; width: number }) {
  const { palette, glyphs } = useStyle()
  return (
    <Text wrap="truncate-end">
      {toWidth(line, width, glyphs.ellipsis).map(({ text, token, bold, inverse }, index) => {
        const color = token && palette[token]
        return (
          // A line's spans have no identity beyond their place.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <Text key={index} bold={bold ?? false} inverse={inverse ?? false} {...(color ? { color } : {})}>
            {text}
          </Text>
        )
      })}
    </Text>
  )
}
