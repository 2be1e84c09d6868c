/** Reads the text of bronze files, whole or piece by piece, as UTF-8 that DuckDB takes. */
import { isUtf8 } from 'node:buffer'
import { closeSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { readSmallRange, SMALL_FILE } from '../../storage/sync-io.ts'

/** Bytes `from` (inclusive) to `to` (exclusive) of a bronze file; pieces end behind a line end. */
export interface BronzePiece {
  /** Relative to the container. */
  path: string
  from: number
  to: number
  /** A file of the local job, to its end: its name tells how many rows that are. */
  whole?: true
}

/** Of all of them. */
export const bytesOf = (pieces: readonly BronzePiece[]): number =>
  pieces.reduce((sum, { from, to }) => sum + to - from, 0)

const LF = 10
const CR = 13
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** A longer line cannot be validated in bounded memory (bytes). */
const LONGEST_LINE = 64_000_000

/** DuckDB splits texts of about this size fastest (bytes). */
const CHUNK = 2_000_000

/**
 * Where the next piece of a file ends: after `maxBytes` bytes or `maxRows` lines at the latest, but behind a whole line.
 * @param size the file's size (bytes).
 * @throws Error when a single line is longer than {@link LONGEST_LINE}.
 */
export async function pieceEnd(
  file: string,
  from: number,
  size: number,
  limits: { maxBytes: number; maxRows: number },
): Promise<number> {
  const handle = await open(file, 'r')
  try {
    for (let bytes = limits.maxBytes; ; bytes *= 2) {
      const buffer = await readRange(handle, from, Math.min(size, from + bytes))
      const { end, full } = lastLine(buffer, limits.maxRows)
      if (end !== undefined && full) return from + end
      if (from + buffer.length >= size) return size
      if (end !== undefined) return from + end
      if (bytes > LONGEST_LINE) {
        throw new Error(
          `${file} holds a line longer than ${LONGEST_LINE / 1_000_000} MB (at byte ${from}). Remove the file.`,
        )
      }
    }
  } finally {
    await handle.close()
  }
}

/**
 * Behind the last whole line (undefined when no line ends here), or behind line number `maxRows`, and then the piece is
 * full.
 */
function lastLine(buffer: Buffer, maxRows: number): { end: number | undefined; full: boolean } {
  let end: number | undefined
  let rows = 0
  for (let at = buffer.indexOf(LF); at >= 0 && rows < maxRows; at = buffer.indexOf(LF, at + 1)) {
    end = at + 1
    rows++
  }
  if (end !== undefined) return { end, full: rows >= maxRows }
  // Old Mac line ends; the last byte is left, as a line feed may follow it.
  const carriageReturn = buffer.subarray(0, -1).lastIndexOf(CR)
  return { end: carriageReturn >= 0 ? carriageReturn + 1 : undefined, full: false }
}

/**
 * The pieces' text in order, in chunks of whole lines, none of which begins with a byte-order mark.
 * @param resolve gives a path's place in the file system.
 */
export async function* readPieces(
  pieces: readonly BronzePiece[],
  resolve: (path: string) => string,
): AsyncGenerator<Uint8Array> {
  let gathered: Buffer[] = []
  let size = 0
  for (const piece of pieces) {
    let text = await readPiece(resolve(piece.path), piece)
    if (piece.from === 0 && text.subarray(0, 3).equals(BYTE_ORDER_MARK)) text = text.subarray(3)
    if (!isUtf8(text)) text = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(text))
    for (const chunk of chunksOf(text)) {
      gathered.push(chunk)
      size += chunk.length
      if (chunk.at(-1) !== LF) gathered.push(Buffer.of(LF))
      if (size >= CHUNK) {
        yield Buffer.concat(gathered)
        gathered = []
        size = 0
      }
    }
  }
  if (size > 0) yield Buffer.concat(gathered)
}

function* chunksOf(text: Buffer): Generator<Buffer> {
  let from = 0
  while (text.length - from > CHUNK) {
    const lineFeed = text.indexOf(LF, from + CHUNK)
    if (lineFeed < 0) break
    yield text.subarray(from, lineFeed + 1)
    from = lineFeed + 1
  }
  if (from < text.length) yield text.subarray(from)
}

async function readPiece(file: string, piece: BronzePiece): Promise<Buffer> {
  if (piece.to - piece.from <= SMALL_FILE) return readSmallPiece(file, piece)
  const handle = await open(file, 'r')
  try {
    return await readRange(handle, piece.from, piece.to)
  } finally {
    await handle.close()
  }
}

function readSmallPiece(file: string, { from, to }: BronzePiece): Buffer {
  const opened = openSync(file, 'r')
  try {
    return readSmallRange(opened, from, to)
  } finally {
    closeSync(opened)
  }
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(0, to - from))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
