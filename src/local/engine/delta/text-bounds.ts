/** Texts in the statistics of a file, cut as the field's writers cut them. */

/** Characters. */
const TEXT_PREFIX = 32
/** Sorts behind every character that a cut text may have gone on with. */
const LAST_CHARACTER = '\u{10FFFF}'

/** No text of the file sorts before it. @param least the least one. */
export const textBelow = (least: string): string => [...least].slice(0, TEXT_PREFIX).join('')

/** No text of the file sorts behind it. @returns undefined where no cut text says so. @param greatest the greatest one. */
export function textAbove(greatest: string): string | undefined {
  const characters = [...greatest]
  if (characters.length <= TEXT_PREFIX) return greatest
  return characters[TEXT_PREFIX] === LAST_CHARACTER
    ? undefined
    : characters.slice(0, TEXT_PREFIX).join('') + LAST_CHARACTER
}
