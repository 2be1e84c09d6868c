/** Numbers with their nouns, as a person writes them: `1 event`, `1,204 events`. Pure. */

/** Made for the first number that has groups: the first frame has none, and this takes as long as a quarter of it. */
let groups: Intl.NumberFormat | undefined

/** `7,214` */
export function grouped(value: number): string {
  if (Number.isInteger(value) && value >= 0 && value < 1000) return String(value)
  groups ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
  return groups.format(value)
}

/** The noun, with its verb where it has one, for so many. @param plural of what does not only take an s. */
export const nounOf = (count: number | undefined, singular: string, plural = `${singular}s`): string =>
  count === 1 ? singular : plural

/** @param plural where it is not the singular with an `s`. */
export const countOf = (count: number, singular: string, plural?: string): string =>
  `${grouped(count)} ${nounOf(count, singular, plural)}`
