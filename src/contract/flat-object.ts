/**
 * JSON objects in the simplest form, which most senders use: no white space between members, and values that
 * are numbers, literals, or strings without escapes. One regular expression checks them, where a parser would
 * make a dozen objects.
 */
const STRING = String.raw`"[^"\\\u0000-\u001f]*"`
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?`
const MEMBER = `${STRING}:(?:${STRING}|${NUMBER}|true|false|null)`
const FORM = new RegExp(`^\\{${MEMBER}(?:,${MEMBER})*\\}$`)

/** Longer texts go to the parser: the regular expression needs memory for backtracking. */
const LONGEST = 4096

/** True only for text that is a JSON object (RFC 8259); false means unknown. */
export const isFlatObject = (text: string): boolean => text.length <= LONGEST && FORM.test(text)
