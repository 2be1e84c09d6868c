/**
 * JSON objects in the simplest form, which most senders use: no white space between members, and values that
 * are numbers, literals, or strings without escapes. One regular expression checks them, where a parser would
 * make a dozen objects.
 */
const STRING = String.raw`"[^"\\\u0000-\u001f]*"`
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?`

/** @param without names that no member may have. */
function formWithout(without: readonly string[]): RegExp {
  const name = without.length > 0 ? `(?!"(?:${without.join('|')})")${STRING}` : STRING
  const member = `${name}:(?:${STRING}|${NUMBER}|true|false|null)`
  return new RegExp(`^\\{${member}(?:,${member})*\\}$`)
}

/** Longer texts go to the parser: the regular expression needs memory for backtracking. */
const LONGEST = 4096

/**
 * @param without names (letters only) that no member may have.
 * @returns true only for text that is a JSON object (RFC 8259); false means unknown, and a parser has to say.
 */
export function flatObjectTest(without: readonly string[] = []): (text: string) => boolean {
  const form = formWithout(without)
  return (text) => text.length <= LONGEST && form.test(text)
}
