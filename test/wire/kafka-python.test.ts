/** The hub's Kafka endpoint by librdkafka, the library under most clients that are not Java, and by kafka-python. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { HUB } from '../local/event-hubs/hub-fixture.ts'
import { startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'
import { runPython } from '../support/python.ts'

const script = (name: string) =>
  readFileSync(new URL(`../local/event-hubs/kafka/${name}`, import.meta.url), 'utf8')
const found = ensurePython()
if ('missing' in found) console.warn(`Tests with librdkafka are left out: ${found.missing}`)

async function runAgainstHub(name: string): Promise<unknown> {
  const fixture = await startKafkaFixture()
  try {
    const ca = join(fixture.hub.folder, 'ca.pem')
    writeFileSync(ca, fixture.hub.certificate?.cert ?? '')
    const args = [`localhost:${fixture.ports.tls}`, ca, fixture.hub.connectionString(), HUB]
    return JSON.parse(await runPython(script(name), args))
  } finally {
    await fixture.close()
  }
}

it.skipIf('missing' in found)(
  'librdkafka produces idempotently and gzipped, reads in a group, commits',
  async () => {
    expect(await runAgainstHub('python-client.py')).toEqual({
      errors: [],
      delivered: 500,
      same: true,
      numbers: true,
      committed: 500,
    })
  },
  60_000,
)

it.skipIf('missing' in found)(
  'kafka-python produces and reads, with headers, keys of bytes and null values; its transactions are refused',
  async () => {
    expect(await runAgainstHub('kafka-python-client.py')).toEqual({
      same: true,
      numbers: true,
      headers: true,
      odd: [[0, 0, 0, 0, 0, 0, 0x81, 0xff]],
      committed: 201,
      found: 0,
      refused: 'KafkaError',
    })
  },
  60_000,
)
