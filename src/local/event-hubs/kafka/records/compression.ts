/**
 * Compressed records. Event Hubs takes gzip and no other codec, and answers others as a format that it does not know
 * (https://learn.microsoft.com/azure/event-hubs/apache-kafka-troubleshooting-guide); so does this hub.
 */
import { gunzipSync } from 'node:zlib'
import { MalformedKafkaError } from '../wire/values.ts'

const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** A codec that the service does not support. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError'
}

/** Decompressed, the records would be larger than may be sent. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}

/** @param codec from the batch's attributes. @throws CompressionError, TooLargeError, MalformedKafkaError */
export function decompress(codec: number, bytes: Buffer, maxBytes: number): Buffer {
  if (codec === 0) return bytes
  if (codec !== 1)
    throw new CompressionError(
      `Event Hubs takes records uncompressed or with gzip, not with ${NAMES[codec] ?? codec}.`,
    )
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new TooLargeError('The records are too large once decompressed.', { cause: error })
    throw new MalformedKafkaError('the gzip of the records is damaged', { cause: error })
  }
}
