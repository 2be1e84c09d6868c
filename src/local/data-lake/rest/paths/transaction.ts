/** `x-ms-client-transaction-id`: what a client calls its creation or rename, told by every look at the path. */
import { invalidHeader } from '../../store/invalid-header.ts'
import type { Properties } from '../../store/properties.ts'
import { given, type LakeCall } from '../lake-call.ts'

const HEADER = 'x-ms-client-transaction-id'
/** A GUID is what clients send. */
const FORM = /^[\w-]{1,64}$/

/** @throws HttpError 400 */
export function transactionIn(call: LakeCall): Pick<Properties, 'transaction'> {
  const transaction = given(call, HEADER)
  if (transaction === undefined) return {}
  if (!FORM.test(transaction))
    throw invalidHeader(HEADER, transaction, 'has at most 64 letters, digits and hyphens')
  return { transaction }
}
