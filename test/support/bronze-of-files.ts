/** Bronze as the job would leave it, of as many files as wanted: one partition, one file a second. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HubEvent } from '../../src/azure/trace/hub-search.ts'
import { bronzeFileName, bronzeFolder } from '../../src/contract/bronze-layout.ts'

const START = Date.UTC(2026, 10, 24, 2, 0)
export const FILES_PER_MINUTE = 60
export const LINES_PER_FILE = 5
const timeOf = (file: number) => START + Math.floor(file / FILES_PER_MINUTE) * 60_000

export class BronzeOfFiles {
  readonly #root: string
  files = 0

  /** @param root folder of the lake. */
  constructor(root: string) {
    this.#root = root
  }

  growTo(count: number): void {
    for (; this.files < count; this.files++) {
      const folder = join(this.#root, 'bronze', bronzeFolder(new Date(timeOf(this.files))))
      if (this.files % FILES_PER_MINUTE === 0) mkdirSync(folder, { recursive: true })
      const first = this.files * LINES_PER_FILE
      const lines = Array.from({ length: LINES_PER_FILE }, (_, index) =>
        JSON.stringify({ eventId: `id-${first + index}`, PartitionId: 0, SequenceNumber: first + index }),
      )
      const name = bronzeFileName({
        partition: 0,
        firstSequenceNumber: first,
        lastSequenceNumber: first + LINES_PER_FILE - 1,
        rows: LINES_PER_FILE,
      })
      writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
    }
  }

  /** An event as the hub holds it. */
  event(sequenceNumber: number): HubEvent {
    return {
      partition: '0',
      sequenceNumber,
      offset: '0',
      partitionKey: undefined,
      enqueuedAt: timeOf(Math.floor(sequenceNumber / LINES_PER_FILE)) + 1000,
      body: Buffer.from('{}'),
    }
  }
}
