/** Bronze files that hold less than their names promise: cut by a disk, a copy, or a hand. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { parseBronzeFileName } from '../../../contract/bronze-layout.ts'
import type { BronzePiece } from './bronze-text.ts'

const LF = 10
const CR = 13

/** @param held whole rows. @param rows what its name promises. */
export const cutFile = (path: string, held: number, rows: number): Error =>
  new Error(
    `bronze/${path} was cut: it holds ${held} of the ${rows} ${rows === 1 ? 'row' : 'rows'} that its name promises. ` +
      'Put it back from a copy, then start silver again; if there is none, move the file away, and its events are told as missing.',
  )

/** Whole files up to where they end now: a batch that is done again may find one that was put back. */
export function asTheyAre(pieces: readonly BronzePiece[], resolve: (path: string) => string): BronzePiece[] {
  return pieces.map((piece) => (piece.whole ? { ...piece, to: statSync(resolve(piece.path)).size } : piece))
}

/**
 * Looks when a batch gives cause for it, so that the whole ones cost nothing.
 * @param found rows of the batch, and how many of them broke a rule: the rest of a cut line does.
 * @throws Error that names the first file that was cut.
 */
export function refuseCutFiles(
  pieces: readonly BronzePiece[],
  resolve: (path: string) => string,
  found: { input: number; quarantined: number },
): void {
  // Long files come in pieces, and names of other writers promise nothing.
  if (pieces.some(({ whole }) => !whole)) return
  const files = pieces.map(({ path }) => ({ path, rows: parseBronzeFileName(path)?.rows ?? 0 }))
  const promised = files.reduce((sum, { rows }) => sum + rows, 0)
  if (found.input >= promised && found.quarantined === 0) return
  for (const { path, rows } of files) {
    const held = linesIn(resolve(path), found.input < promised)
    if (held !== 'whole' && held < rows) throw cutFile(path, held, rows)
  }
}

/** Whole lines in a file; `whole` for one that ends in a line end and is not to be counted. */
function linesIn(file: string, isCounted: boolean): number | 'whole' {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const last = Buffer.alloc(1)
    readSync(handle, last, 0, 1, Math.max(0, size - 1))
    const isEnded = size === 0 || last[0] === LF || last[0] === CR
    if (isEnded && !isCounted) return 'whole'
  } finally {
    closeSync(handle)
  }
  return readFileSync(file, 'latin1').split(/\r\n|\n|\r/).length - 1
}
