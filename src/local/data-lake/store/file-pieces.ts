/** Data in pieces, as it came: written in one call, and never put together in memory. */
import { closeSync, openSync, writevSync } from 'node:fs'

/** Length of all pieces. */
export const bytesOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)

/** All in this turn. @param descriptor of a file that is open for writing. */
export function writePieces(descriptor: number, pieces: readonly Uint8Array[], position: number): void {
  let rest = [...pieces]
  for (let at = position; rest.length > 0; ) {
    const written = writevSync(descriptor, rest, at)
    at += written
    rest = behind(rest, written)
  }
}

/** @param flags as of `open`. */
export function writeFilePieces(
  file: string,
  pieces: readonly Uint8Array[],
  { flags = 'w', position = 0 }: { flags?: string; position?: number } = {},
): void {
  const descriptor = openSync(file, flags)
  try {
    writePieces(descriptor, pieces, position)
  } finally {
    closeSync(descriptor)
  }
}

/** A call may write less than it was given. */
function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  return pieces.flatMap((piece) => {
    const done = Math.min(left, piece.byteLength)
    left -= done
    return done === piece.byteLength ? [] : [piece.subarray(done)]
  })
}
