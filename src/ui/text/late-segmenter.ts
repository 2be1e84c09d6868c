/**
 * `Intl.Segmenter` that is made when it is first asked. Six modules of the screen, most of them Ink's, make one each while
 * they are loaded, and the first frame needs none: the tables of all scripts are read from disk for it. In the bundle this
 * takes the place of the global one (scripts/bundle-plugins.ts).
 *
 * Ink goes through every changed row by graphemes to find the first that differs. A row of characters that join no other is
 * told without the tables.
 */
import { SINGLE } from './single.ts'

/** Takes what `Intl.Segmenter` takes. */
export class LateSegmenter {
  readonly #given: ConstructorParameters<typeof Intl.Segmenter>
  #segmenter: Intl.Segmenter | undefined

  constructor(...given: ConstructorParameters<typeof Intl.Segmenter>) {
    this.#given = given
  }

  segment(text: string): Intl.Segments {
    if (this.#given[1]?.granularity === 'grapheme' && SINGLE.test(text)) return new Singles(text)
    // By the long name: the short one is this class in the bundle.
    this.#segmenter ??= new globalThis.Intl.Segmenter(...this.#given)
    return this.#segmenter.segment(text)
  }

  resolvedOptions(): Intl.ResolvedSegmenterOptions {
    this.#segmenter ??= new globalThis.Intl.Segmenter(...this.#given)
    return this.#segmenter.resolvedOptions()
  }
}

/** Each character is a grapheme. */
class Singles implements Intl.Segments {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  containing(at = 0): Intl.SegmentData | undefined {
    const index = Math.trunc(at)
    const segment = this.#text[index]
    return segment === undefined ? undefined : { segment, index, input: this.#text }
  }

  *[Symbol.iterator](): Generator<Intl.SegmentData, undefined> {
    const input = this.#text
    for (let index = 0; index < input.length; index++) yield { segment: input[index] as string, index, input }
    return undefined
  }
}
