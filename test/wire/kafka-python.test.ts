/** The hub's Kafka endpoint by librdkafka, the library under most clients that are not Java. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { HUB } from '../local/event-hubs/hub-fixture.ts'
import { startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'
import { runPython } from '../support/python.ts'

const script = readFileSync(new URL('../local/event-hubs/kafka/python-client.py', import.meta.url), 'utf8')
const found = ensurePython()
if ('missing' in found) console.warn(`Tests with librdkafka are left out: ${found.missing}`)

it.skipIf('missing' in found)(
  'librdkafka produces idempotently and gzipped, reads in a group, commits',
  async () => {
    const fixture = await startKafkaFixture()
    try {
      const ca = join(fixture.hub.folder, 'ca.pem')
      writeFileSync(ca, fixture.hub.certificate?.cert ?? '')
      const args = [`localhost:${fixture.ports.tls}`, ca, fixture.hub.connectionString(), HUB]
      expect(JSON.parse(await runPython(script, args))).toEqual({
        errors: [],
        delivered: 500,
        same: true,
        numbers: true,
        committed: 500,
      })
    } finally {
      await fixture.close()
    }
  },
  60_000,
)
