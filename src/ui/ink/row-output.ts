/**
 * What Ink asks to put a frame together, in the bundle (scripts/bundle-plugins.ts). Ink's own takes every row apart into cells
 * and styles, so that texts may overlap and be cut: two thirds of a paint. The control room draws whole rows, each painted and
 * as wide as the window (docs/decisions/005): these are taken as they stand. Anything else goes Ink's way.
 */
import Output from 'ink-output'

export default class RowOutput extends Output {
  override get(): { output: string; height: number } {
    const rows = this.#wholeRows()
    return rows ? { output: rows.join('\n'), height: this.height } : super.get()
  }

  /** Undefined when a text is anything but one row of its own that begins at the left edge. */
  #wholeRows(): string[] | undefined {
    const rows = new Array<string>(this.height).fill('')
    const taken = new Set<number>()
    for (const { type, x, y, text, transformers } of this.operations) {
      if (type !== 'write' || x !== 0 || text.includes('\n')) return undefined
      if (!(y in rows) || taken.has(y)) return undefined
      taken.add(y)
      rows[y] = transformers.reduce((line, transform) => transform(line, 0), text).trimEnd()
    }
    return rows
  }
}
