/**
 * What Ink asks to put a frame together, in the bundle (scripts/bundle-plugins.ts). Ink's own takes every row apart into cells
 * and styles, so that texts may overlap and be cut: two thirds of a paint. The control room draws whole rows, each painted and
 * as wide as the window (docs/decisions/005): these are taken as they stand. Anything else goes Ink's way.
 */
import Output from 'ink-output'

/** Takes the place of Ink's class of the same task. */
export default class RowOutput extends Output {
  override get(): { output: string; height: number } {
    const rows = this.#wholeRows()
    return rows ? { output: rows.join('\n'), height: this.height } : super.get()
  }

  /** Undefined when there is anything but one text, which begins at the top left corner and has a line for each row. */
  #wholeRows(): string[] | undefined {
    const [only, ...others] = this.operations
    if (only?.type !== 'write' || others.length > 0 || only.x !== 0 || only.y !== 0) return undefined
    const lines = only.text.split('\n')
    if (lines.length !== this.height) return undefined
    return lines.map((line, row) =>
      only.transformers.reduce((text, transform) => transform(text, row), line).trimEnd(),
    )
  }
}
