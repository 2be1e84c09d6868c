/** Texts as bytes, where each character is one. */

/** @returns the text's bytes; undefined when it has a character beyond ASCII. */
export function asciiOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text)
  // In UTF-8 any other character takes more bytes than it has code units.
  return bytes.length === text.length ? bytes : undefined
}
