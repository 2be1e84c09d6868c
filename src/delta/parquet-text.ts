/** Texts of Parquet files as they stand there: hyparquet's own way drops a U+FEFF at their beginning (1.33.0), and two ids, or two cities, would be one. */

/** For hyparquet's `parsers`. @param bytes UTF-8; undefined where there is no value. */
export const stringFromBytes = (bytes?: Uint8Array): string | undefined =>
  bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
