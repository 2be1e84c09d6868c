/** Numbers with their nouns, as a person writes them: `1 event`, `1,204 events`. Pure. */
import { grouped, groupedRate } from '../../contract/grouped.ts'

export { grouped, groupedRate }

/** The noun, with its verb where it has one, for so many. @param plural of what does not only take an s. */
export const nounOf = (count: number | undefined, singular: string, plural = `${singular}s`): string =>
  count === 1 ? singular : plural

/** @param plural where it is not the singular with an `s`. */
export const countOf = (count: number, singular: string, plural?: string): string =>
  `${grouped(count)} ${nounOf(count, singular, plural)}`
