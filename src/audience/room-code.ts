/** The room's code, which is part of the address in its QR code. */
import { randomBytes, timingSafeEqual } from 'node:crypto'

/** Crockford's base 32: no two characters look alike. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 50 bits. */
const LENGTH = 10

/** From the system's random numbers; without letters that are read for others. */
export const newCode = (): string =>
  Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte & 31] as string).join('')

/** In constant time. */
export function isCode(given: string, code: string): boolean {
  const [a, b] = [Buffer.from(given.toUpperCase()), Buffer.from(code)]
  return a.length === b.length && timingSafeEqual(a, b)
}
