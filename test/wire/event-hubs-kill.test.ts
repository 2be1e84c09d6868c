import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { createHubProducer } from '../../src/azure/event-hubs/producer.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HubLog } from '../../src/local/event-hubs/log/log.ts'
import type { OutgoingEvent, SendError } from '../../src/pipeline/ports/hub.ts'
import { HUB, KEY, KEY_NAME } from '../local/event-hubs/hub-names.ts'

const script = fileURLToPath(new URL('../local/event-hubs/hub-process.ts', import.meta.url))

async function startHub(folder: string, port: number): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, ['--no-warnings', script, folder, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return { port: Number(line.toString()), child }
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

it('kills in the middle of sending lose nothing that was acknowledged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-kill-'))
  let { port, child } = await startHub(folder, 0)
  const producer = createHubProducer({
    connectionString: `Endpoint=sb://localhost:${port};SharedAccessKeyName=${KEY_NAME};SharedAccessKey=${KEY};UseDevelopmentEmulator=true`,
    hub: HUB,
    consumerGroup: 'monitor',
  })
  const acknowledged: string[] = []
  let isDone = false
  let round = 0
  const sending = (async () => {
    while (!isDone) {
      const events = Array.from({ length: 200 }, (_, index) => ({
        body: Buffer.from(`${round}/${index}`),
        partitionKey: `station-${index}`,
      }))
      round++
      const lost: readonly OutgoingEvent[] = await producer.send(events).then(
        () => [],
        (error: SendError) => error.unacknowledged,
      )
      for (const event of events) if (!lost.includes(event)) acknowledged.push(event.body.toString())
    }
  })()
  try {
    for (const more of [3000, 1, 5000]) {
      const before = acknowledged.length
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + more), { timeout: 20_000 })
      await kill(child)
      ;({ child } = await startHub(folder, port))
    }
    const before = acknowledged.length
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before), { timeout: 20_000 })
  } finally {
    isDone = true
    await sending
    await producer.close()
    await kill(child)
  }
  const log = HubLog.open(folder, {
    partitions: 4,
    retention: { ms: 3_600_000, bytes: 1e9 },
    clock: { now: () => Date.now() },
  })
  const stored = new Set<string>()
  for (let partition = 0; partition < 4; partition++) {
    const events = log.read(partition, 0, 1e7, 1e9)
    expect(events.every(({ sequenceNumber }, index) => sequenceNumber === index)).toBe(true)
    for (const { message } of events) stored.add(messageBody(message).toString())
  }
  log.close()
  rmSync(folder, { recursive: true })
  expect(acknowledged.filter((body) => !stored.has(body))).toEqual([])
})
