/**
 * JSON objects of the plainest form, as most senders make them: members without white space in between, whose values are
 * numbers, literals, or strings without escapes. One look by a regular expression, where a parser would make a dozen objects.
 */
const STRING = String.raw`"[^"\\\u0000-\u001f]*"`
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?`
const MEMBER = `${STRING}:(?:${STRING}|${NUMBER}|true|false|null)`
const FORM = new RegExp(`^\\{${MEMBER}(?:,${MEMBER})*\\}$`)

/** Longer texts are the parser's: a regular expression remembers where it may have to go back to. */
const LONGEST = 4096

/** True only for text that is a JSON object (RFC 8259); false says nothing. */
export const isFlatObject = (text: string): boolean => text.length <= LONGEST && FORM.test(text)
