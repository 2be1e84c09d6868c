/** What `acks=all` acknowledged outlasts kill -9, and a producer that sends again what got no answer writes nothing twice. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it, vi } from 'vitest'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import { HUB, KEY, KEY_NAME } from '../local/event-hubs/hub-names.ts'

const script = fileURLToPath(new URL('../local/event-hubs/hub-process.ts', import.meta.url))
const WAIT = { timeout: 30_000 }

async function startHub(
  folder: string,
  kafkaPort: string,
): Promise<{ kafkaPort: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ['--no-warnings', script, folder, '0', kafkaPort], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return { kafkaPort: line.toString().trim().split(' ')[1] as string, child }
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

it('kills in the middle of sending lose nothing that was acknowledged, and repeat nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-kafka-kill-'))
  let { kafkaPort, child } = await startHub(folder, '0')
  const kafka = new Kafka({
    brokers: [`localhost:${kafkaPort}`],
    sasl: {
      mechanism: 'plain',
      username: '$ConnectionString',
      password: `Endpoint=sb://localhost;SharedAccessKeyName=${KEY_NAME};SharedAccessKey=${KEY}`,
    },
    // Long enough for a hub that starts on a busy machine: what is given up would be a gap in the producer's numbers.
    retry: { retries: 100, initialRetryTime: 50, maxRetryTime: 300 },
    logLevel: logLevel.NOTHING,
  })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  const acknowledged: string[] = []
  let isDone = false
  const sending = (async () => {
    for (let round = 0; !isDone; round++) {
      const values = Array.from({ length: 100 }, (_, index) => `${round}/${index}`)
      await producer.send({
        topic: HUB,
        acks: -1,
        messages: values.map((value, index) => ({ partition: index % 4, value })),
      })
      acknowledged.push(...values)
    }
  })()
  sending.catch(() => {})
  try {
    for (const more of [1000, 1, 2000]) {
      const before = acknowledged.length
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + more), WAIT)
      await kill(child)
      ;({ child } = await startHub(folder, kafkaPort))
    }
    const before = acknowledged.length
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before), WAIT)
  } finally {
    isDone = true
    await sending
    await producer.disconnect()
    await kill(child)
  }
  const log = HubLog.open(folder, { partitions: 4, retention: { ms: 3_600_000, bytes: 1e9 }, clock: Date })
  const stored = [0, 1, 2, 3].flatMap((partition) =>
    log.read(partition, 0, 1e7, 1e9).map(({ message }) => messageBody(message).toString()),
  )
  log.close()
  rmSync(folder, { recursive: true })
  const distinct = new Set(stored)
  expect(stored).toHaveLength(distinct.size)
  expect(acknowledged.filter((value) => !distinct.has(value))).toEqual([])
}, 120_000)
