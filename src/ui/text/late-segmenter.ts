/**
 * `Intl.Segmenter` that is made when it is first asked. Six modules of the screen, most of them Ink's, make one each while
 * they are loaded, and the first frame needs none: the tables of all scripts are read from disk for it. In the bundle this
 * takes the place of the global one (scripts/bundle-plugins.ts).
 */
export class LateSegmenter {
  readonly #given: ConstructorParameters<typeof Intl.Segmenter>
  #segmenter: Intl.Segmenter | undefined

  constructor(...given: ConstructorParameters<typeof Intl.Segmenter>) {
    this.#given = given
  }

  segment(text: string): Intl.Segments {
    // By the long name: the short one is this class in the bundle.
    this.#segmenter ??= new globalThis.Intl.Segmenter(...this.#given)
    return this.#segmenter.segment(text)
  }

  resolvedOptions(): Intl.ResolvedSegmenterOptions {
    this.#segmenter ??= new globalThis.Intl.Segmenter(...this.#given)
    return this.#segmenter.resolvedOptions()
  }
}
