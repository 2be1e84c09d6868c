/** Numbers as all texts of the product write them. Pure. */

/**
 * `7,214`, halves away from zero. By hand: the first number that `Intl` writes makes V8 look through all the languages that it
 * knows, which takes as much processor as some frames of the screen and leaves 7 MB of their data in memory for good.
 * @param places the most digits behind the point; zeros at their end are left out.
 */
export function grouped(value: number, places = 0): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value < 0 ? '-∞' : '∞'
  if (Number.isInteger(value) && value >= 0 && value < 1000) return String(value)
  const [whole = '', fraction = ''] = decimal(value, places).split('.')
  const digits = fraction.replace(/0+$/, '')
  return whole.replace(/\B(?=(?:\d{3})+$)/g, ',') + (digits === '' ? '' : `.${digits}`)
}

/** Events a second: `1,200`, `9.5`, `0.1`. A station may report once a day: of less than that one digit, `0.0003`, and never nought. */
export const groupedRate = (value: number): string =>
  value > 0 && value < 0.1 ? String(roundedRate(value)) : grouped(value, value < 1000 ? 1 : 0)

/** The same as a number. */
export const roundedRate = (value: number): number =>
  Number(value > 0 && value < 0.1 ? value.toPrecision(1) : value.toFixed(1))

/** From 1e21 on `toFixed` writes an exponent; such a number is whole. */
const decimal = (value: number, places: number) =>
  Math.abs(value) < 1e21 ? value.toFixed(places) : String(BigInt(value))
