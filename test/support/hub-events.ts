/** Events as the hub's log keeps them, and bronze as a test reads it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import rhea from 'rhea'
import { type BronzeFile, parseBronzeFileName } from '../../src/contract/bronze-layout.ts'

/** An encoded AMQP message with one data section, as the SDKs send it. @param body objects become JSON. */
export function encodeEvent(body: string | Uint8Array | object): Buffer {
  const bytes =
    typeof body === 'string'
      ? Buffer.from(body)
      : body instanceof Uint8Array
        ? Buffer.from(body)
        : Buffer.from(JSON.stringify(body))
  return rhea.message.encode({ body: rhea.message.data_section(bytes) } as never) as Buffer
}

export interface ReadBronzeFile extends BronzeFile {
  /** Relative to the container. */
  path: string
  lines: string[]
}

/** Every file of the local job, by partition and range. @param root the container's folder. */
export function readBronze(root: string): ReadBronzeFile[] {
  let names: string[]
  try {
    names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return names
    .flatMap((path) => {
      const file = parseBronzeFileName(path)
      if (!file) return []
      const lines = readFileSync(join(root, path), 'utf8').split('\n')
      // Each line ends with a line feed, so nothing stands behind the last.
      if (lines.pop() !== '') throw new Error(`${path} ends in the middle of a line`)
      return [{ ...file, path, lines }]
    })
    .sort((a, b) => a.partition - b.partition || a.firstSequenceNumber - b.firstSequenceNumber)
}

/** The sequence numbers of all rows of a partition, in the order of the files. */
export const sequenceNumbers = (files: readonly ReadBronzeFile[], partition: number): number[] =>
  files
    .filter((file) => file.partition === partition)
    .flatMap(({ lines }) =>
      lines.map((line) => (JSON.parse(line) as { SequenceNumber: number }).SequenceNumber),
    )

/** 0, 1, …, count − 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Which events of a flood are no JSON. */
export const isJunk = (sequenceNumber: number) => sequenceNumber % 17 === 3
