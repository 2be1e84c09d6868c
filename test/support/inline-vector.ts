/** A deletion vector of a few small rows, as the protocol writes it into the log. */
export function inlineVector(rows: readonly number[]) {
  const bytes = Buffer.alloc(12 + 4 + 16 + rows.length * 2)
  bytes.writeUInt32LE(1_681_511_377, 0)
  bytes.writeBigUInt64LE(1n, 4)
  // The key of the only bitmap is 0; one container without runs: its key, its cardinality, its offset.
  bytes.writeUInt32LE(12_346, 16)
  bytes.writeUInt32LE(1, 20)
  bytes.writeUInt16LE(rows.length - 1, 26)
  bytes.writeUInt32LE(16, 28)
  for (const [index, row] of rows.entries()) bytes.writeUInt16LE(row, 32 + index * 2)
  return {
    storageType: 'i',
    pathOrInlineDv: base85(bytes),
    sizeInBytes: bytes.length,
    cardinality: rows.length,
  }
}

function base85(bytes: Buffer): string {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
  let text = ''
  for (let at = 0; at < padded.length; at += 4) {
    const value = padded.readUInt32BE(at)
    for (let power = 4; power >= 0; power--) text += digits[Math.floor(value / 85 ** power) % 85]
  }
  return text
}
