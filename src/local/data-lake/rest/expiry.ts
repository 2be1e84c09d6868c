/** When a file expires, https://learn.microsoft.com/rest/api/storageservices/set-blob-expiry */
import { HttpError } from '../../http/errors.ts'
import { given, type LakeCall } from './lake-call.ts'

/**
 * @param now epoch ms. @param createdAt epoch ms, of the file. @returns nothing when it never expires or no expiry is given.
 * @throws HttpError 400
 */
export function expiryIn(call: LakeCall, now: number, createdAt: number): { expiresAt?: number } {
  const option = given(call, 'x-ms-expiry-option')?.toLowerCase()
  const time = given(call, 'x-ms-expiry-time')
  if (option === undefined && time === undefined) return {}
  if (option === 'neverexpire') {
    if (time !== undefined) throw invalid('a file that never expires has no x-ms-expiry-time')
    return {}
  }
  if (option === 'absolute') {
    const at = Date.parse(time ?? '')
    if (Number.isNaN(at) || at <= now) throw invalid('x-ms-expiry-time must be a date in the future')
    return { expiresAt: at }
  }
  const wait = Number(time?.trim() || Number.NaN)
  if (!Number.isSafeInteger(wait) || wait < 0) throw invalid('x-ms-expiry-time must be milliseconds')
  if (option === 'relativetonow') return { expiresAt: now + wait }
  if (option === 'relativetocreation') return { expiresAt: createdAt + wait }
  throw invalid('x-ms-expiry-option is NeverExpire, RelativeToCreation, RelativeToNow or Absolute')
}

const invalid = (why: string) => new HttpError(400, 'InvalidHeaderValue', `The expiry is not set: ${why}.`)
