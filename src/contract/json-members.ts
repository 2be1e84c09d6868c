/** The parts of a JSON text as written, so that one can be removed and the others stay exactly the same. */

/** One member of a JSON object. */
export interface Member {
  /** Decoded name. */
  name: string
  /** The member's own text, `"name": value`, without the comma. */
  text: string
}

/** @param text a JSON object that is known to parse. Nesting costs no stack. */
export function topLevelMembers(text: string): Member[] {
  const members: Member[] = []
  let at = text.indexOf('{') + 1
  for (;;) {
    const start = text.indexOf('"', at)
    if (start < 0 || text.slice(at, start).includes('}')) return members
    const nameEnd = endOfString(text, start)
    const end = endOfMember(text, nameEnd)
    members.push({
      name: JSON.parse(text.slice(start, nameEnd)) as string,
      text: text.slice(start, end).trimEnd(),
    })
    if (text[end] === '}') return members
    at = end + 1
  }
}

/** The texts of an array's elements. @param text a JSON array that is known to parse. Nesting costs no stack. */
export function arrayElements(text: string): string[] {
  const elements: string[] = []
  let at = text.indexOf('[') + 1
  if (text.slice(at).trimStart().startsWith(']')) return elements
  for (;;) {
    const end = endOfMember(text, at)
    elements.push(text.slice(at, end).trim())
    if (text[end] === ']') return elements
    at = end + 1
  }
}

/** @param start of the opening quote. @returns the position after the closing one. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** The comma or bracket that ends the member whose name ends here, or the element that begins here. */
function endOfMember(text: string, from: number): number {
  let depth = 0
  let at = from
  for (;;) {
    const character = text[at]
    if (character === '"') {
      at = endOfString(text, at)
      continue
    }
    if (depth === 0 && (character === ',' || character === '}' || character === ']')) return at
    if (character === '{' || character === '[') depth++
    if (character === '}' || character === ']') depth--
    at++
  }
}
