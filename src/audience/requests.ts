/** What a phone may send, checked. */
import * as z from 'zod'
import { HUMIDITY_RANGE, TEMPERATURE_RANGE } from '../contract/reading.ts'
import { CITY, RUBBISH } from './messages.ts'

const city = z.string().trim().regex(CITY)

/** A phone's name: letters, digits and few signs, at most 20 characters. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} '’.-]{0,18}[\p{L}\p{M}\p{N}.])?$/u

/** Without a name the phone is given one. */
export const joinRequest = z.strictObject({
  city,
  name: z.string().normalize('NFC').trim().regex(NAME).optional(),
})

const readingRequest = z.strictObject({
  id: z.uuid(),
  city,
  temperature: z.number().int().min(TEMPERATURE_RANGE.min).max(TEMPERATURE_RANGE.max),
  humidity: z.number().int().min(HUMIDITY_RANGE.min).max(HUMIDITY_RANGE.max),
  rubbish: z.enum(RUBBISH).optional(),
  twice: z.boolean().optional(),
})

/** One request has one reading, or a storm of ten. */
export const readingsRequest = z.strictObject({ readings: z.array(readingRequest).min(1).max(10) })
