/** A header that cannot be read, or says what the request cannot have: every answer of the service to one names it, with its value. */
import { HttpError } from '../../http/errors.ts'

const MOST_SHOWN = 50

/**
 * @param name as the service writes it. @param value as it came; of a secret: what may be told of it.
 * @param why what it has to be, as the end of a sentence.
 */
export const invalidHeader = (name: string, value: string, why: string): HttpError =>
  new HttpError(
    400,
    'InvalidHeaderValue',
    `The value for one of the HTTP headers is not in the correct format: ${name} ${why}.`,
    { details: { HeaderName: name, HeaderValue: value.slice(0, MOST_SHOWN) } },
  )
