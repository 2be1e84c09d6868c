/** What counts as an event of the pipeline: a body that is a JSON object in UTF-8. Everything else is a deserialization error. */

/** Drops a byte-order mark, refuses what is not UTF-8. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** @throws TypeError when the body is not UTF-8. */
export const bodyText = (body: Uint8Array): string => UTF8.decode(body)

export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The event in a body; undefined for a deserialization error. */
export function eventIn(body: Uint8Array): { text: string; event: Record<string, unknown> } | undefined {
  try {
    const text = bodyText(body)
    const event: unknown = JSON.parse(text)
    return isJsonObject(event) ? { text, event } : undefined
  } catch {
    return undefined
  }
}

/** Why a body is no event, in the parser's words. */
export function rejectionReason(body: Uint8Array): string {
  let text: string
  try {
    text = bodyText(body)
  } catch {
    return 'the body is not UTF-8'
  }
  if (text.trim() === '') return 'the body is empty'
  try {
    return `the body is JSON, but ${kindOf(JSON.parse(text))}, no object`
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message.slice(0, 120)}`
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
