/** The console tools that come with Kafka, and kcat: programs of others, run as they are. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FetchSessions } from '../../src/local/event-hubs/kafka/fetching/fetch-sessions.ts'
import { HUB } from '../local/event-hubs/hub-fixture.ts'
import { type KafkaFixture, startKafkaFixture } from '../local/event-hubs/kafka/kafka-fixture.ts'
import { classPath, javaOrReason } from '../support/java.ts'

/** Its own console tools, and the client in them. */
const KAFKA_TOOLS = ['org.apache.kafka:kafka-tools:4.1.0', 'org.slf4j:slf4j-simple:1.7.36']
const LIMIT_MS = 120_000

let fixture: KafkaFixture
let folder: string
beforeAll(async () => {
  fixture = await startKafkaFixture({ partitions: 2 })
  folder = mkdtempSync(join(tmpdir(), 'rtstream-kafka-tools-'))
})
afterAll(async () => {
  await fixture.close()
  rmSync(folder, { recursive: true, force: true })
})

/** @returns all that it printed, and its exit code. */
const run = (command: string, args: readonly string[], input = '') =>
  new Promise<{ code: number; text: string }>((resolve) => {
    const child = execFile(command, [...args], { timeout: LIMIT_MS }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, text: `${stdout}${stderr}` }),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })

const kcatMissing =
  spawnSync('kcat', ['-V']).status === 0 ? undefined : 'kcat is not installed (Debian: apt-get install kcat)'
if (kcatMissing) console.warn(`SKIPPED: kcat. ${kcatMissing}`)

describe.skipIf(kcatMissing !== undefined)('kcat', () => {
  const kcat = (args: readonly string[], input?: string) => {
    const certificate = join(folder, 'ca.pem')
    writeFileSync(certificate, fixture.certificate)
    const settings = {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'PLAIN',
      'sasl.username': '$ConnectionString',
      'sasl.password': fixture.hub.connectionString(),
      'ssl.ca.location': certificate,
    }
    const at = ['-b', `localhost:${fixture.ports.tls}`]
    const options = Object.entries(settings).flatMap(([name, value]) => ['-X', `${name}=${value}`])
    return run('kcat', [...at, ...options, ...args], input)
  }

  it(
    'lists, sends and reads, with keys, headers and offsets',
    async () => {
      const { text } = await kcat(['-L'])
      expect(text).toMatch(/topic "weather" with 2 partitions/)
      expect(await kcat(['-P', '-t', HUB, '-p', '1', '-K:', '-H', 'from=kcat'], 'k1:one\nk2:two\n')).toEqual({
        code: 0,
        text: '',
      })
      const read = await kcat([
        '-C',
        '-t',
        HUB,
        '-p',
        '1',
        '-o',
        'beginning',
        '-e',
        '-q',
        '-f',
        '%p %o %k %s %h\\n',
      ])
      expect(read).toEqual({ code: 0, text: '1 0 k1 one from=kcat\n1 1 k2 two from=kcat\n' })
    },
    LIMIT_MS,
  )

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'sends with %s, or is told why not',
    async (codec) => {
      const before = fixture.hub.log.properties(0).lastEnqueuedSequenceNumber
      const { code, text } = await kcat(
        ['-P', '-t', HUB, '-p', '0', '-z', codec, '-d', 'msg', '-X', 'message.timeout.ms=10000'],
        `${'the same again and again '.repeat(200)}\n`,
      )
      const stored = fixture.hub.log.properties(0).lastEnqueuedSequenceNumber - before
      // Clients look first whether the hub takes compressed records at all.
      expect(text).not.toMatch(/not compressing/)
      if (codec === 'gzip') expect({ code, stored }).toEqual({ code: 0, stored: 1 })
      else {
        expect(stored).toBe(0)
        expect(code).not.toBe(0)
        expect(text).toMatch(/message format/i)
      }
    },
    LIMIT_MS,
  )
})

describe.skipIf(javaOrReason("Kafka's console tools") !== undefined)("Kafka's own console tools", () => {
  let settings: string
  let path: string
  beforeAll(() => {
    path = [folder, classPath(...KAFKA_TOOLS)].join(delimiter)
    settings = join(folder, 'client.properties')
    writeFileSync(
      settings,
      [
        'security.protocol=SASL_PLAINTEXT',
        'sasl.mechanism=PLAIN',
        `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="$ConnectionString" password="${fixture.hub.connectionString()}";`,
      ].join('\n'),
    )
  }, 300_000)

  const tool = (name: string, args: readonly string[], input?: string) =>
    run(
      'java',
      [
        '-Xmx128m',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        path,
        `org.apache.kafka.tools.${name}`,
        '--bootstrap-server',
        `localhost:${fixture.ports.plain}`,
        ...args,
      ],
      input,
    )

  const consoleGroup = (what: string) =>
    tool('consumer.group.ConsumerGroupCommand', [
      ...['--command-config', settings, what, '--group', 'console'],
    ])

  it(
    'send and read, and show the group and its lag',
    async () => {
      const sent = await tool(
        'ConsoleProducer',
        [
          '--topic',
          HUB,
          '--producer.config',
          settings,
          '--producer-property',
          'acks=all',
          '--property',
          'parse.key=true',
          '--property',
          'key.separator=:',
        ],
        'station-1:one\nstation-1:two\nstation-1:three\n',
      )
      expect(sent.code, sent.text).toBe(0)
      const asked = vi.spyOn(FetchSessions.prototype, 'open')
      const read = await tool('consumer.ConsoleConsumer', [
        ...['--topic', HUB, '--consumer.config', settings, '--group', 'console', '--from-beginning'],
        ...['--property', 'print.key=true', '--max-messages', '2', '--timeout-ms', '60000'],
      ])
      expect(read.text).toMatch(/Processed a total of 2 messages/)
      // The Java client names its partitions once, and then asks for what is new in its session.
      const epochs = asked.mock.calls.map(([{ epoch }]) => epoch)
      expect(epochs).toContain(0)
      expect(epochs.filter((epoch) => epoch > 0).length).toBeGreaterThan(0)
      expect(asked.mock.results.map(({ value }) => value.error)).toEqual(epochs.map(() => 0))
      const described = await consoleGroup('--describe')
      expect(described.text).toMatch(/GROUP +TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET +LAG/)
      const behind = fixture.groups().find(({ name }) => name === 'console')
      expect(behind).toMatchObject({ protocol: 'Kafka', members: 0 })
    },
    LIMIT_MS,
  )

  it(
    'describe the topic, and forget a group',
    async () => {
      const topics = await tool('TopicCommand', ['--command-config', settings, '--describe', '--topic', HUB])
      expect(topics.text).toMatch(/Topic: weather\s+PartitionCount: 2/)
      const removed = await consoleGroup('--delete')
      expect(removed.text).toMatch(/\('console'\) was successful/)
      expect(fixture.groups().map(({ name }) => name)).not.toContain('console')
    },
    LIMIT_MS,
  )

  it(
    'are told in our words why records are refused',
    async () => {
      const sent = await tool(
        'ConsoleProducer',
        [
          '--topic',
          HUB,
          '--producer.config',
          settings,
          '--compression-codec',
          'lz4',
          '--producer-property',
          'delivery.timeout.ms=20000',
          '--request-timeout-ms',
          '5000',
        ],
        `${'the same again and again '.repeat(200)}\n`,
      )
      expect(sent.text).toMatch(/Event Hubs takes records uncompressed or with gzip, not with lz4/)
    },
    LIMIT_MS,
  )
})
