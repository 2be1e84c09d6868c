/** A lake client that counts its requests: the cost of a poll. */
import type { LakeClient } from '../lake/data-lake.ts'

/** One for each look. */
export interface CountingClient extends LakeClient {
  /** So far: files read, entries listed, bytes of the files that were read. */
  cost: { reads: number; listed: number; bytes: number }
}

/** Counts what goes through it to another client. */
export function countingClient(client: LakeClient): CountingClient {
  const cost = { reads: 0, listed: 0, bytes: 0 }
  return {
    ...client,
    cost,
    async *list(container, folder, options) {
      for await (const entry of client.list(container, folder, options)) {
        cost.listed++
        yield entry
      }
    },
    async read(container, path, signal, range) {
      cost.reads++
      const file = await client.read(container, path, signal, range)
      cost.bytes += file?.length ?? 0
      return file
    },
  }
}
