/** The hub through WebSockets, as behind a proxy that lets nothing else pass, and through SASL PLAIN. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { EventHubConsumerClient, EventHubProducerClient, earliestEventPosition } from '@azure/event-hubs'
import rhea, { type Connection } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { ensurePython } from '../../scripts/python-env.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HUB, HubFixture, KEY, KEY_NAME } from '../local/event-hubs/hub-fixture.ts'
import { RawSocket } from '../local/event-hubs/raw-socket.ts'
import { runPython } from '../support/python.ts'

const found = ensurePython()
if ('missing' in found) console.warn(`Tests with the Python SDK are left out: ${found.missing}`)

let hub: HubFixture
beforeEach(async () => {
  hub = await HubFixture.start()
})
afterEach(() => hub.close())
const keep = <T extends { close(): unknown }>(client: T): T => hub.keep(client)
const bodies = () =>
  [0, 1, 2, 3].flatMap((id) => hub.stored(id).map(({ message }) => messageBody(message).toString()))

describe('AMQP over WebSockets', () => {
  const webSocketOptions = { webSocket: WebSocket }

  it.each([
    [
      'TLS and a bearer token',
      () =>
        [
          hub.fullyQualifiedNamespace,
          HUB,
          hub.credential(),
          { customEndpointAddress: `sb://localhost:${hub.ports.tls}`, webSocketOptions },
        ] as const,
    ],
    // The client speaks TLS to it all the same: it has no WebSockets without.
    ['the connection string', () => [hub.connectionString(), HUB, { webSocketOptions }] as const],
  ])('serves the JavaScript SDK, through %s', async (_, options) => {
    const producer = keep(new EventHubProducerClient(...(options() as unknown as [string, string])))
    expect(await producer.getPartitionIds()).toEqual(['0', '1', '2', '3'])
    const large = 'x'.repeat(200_000)
    await producer.sendBatch([{ body: 'one' }, { body: large }], { partitionId: '1' })
    const consumer = keep(
      new EventHubConsumerClient('$Default', ...(options() as unknown as [string, string])),
    )
    const received: unknown[] = []
    keep(
      consumer.subscribe(
        '1',
        {
          processEvents: async (events) => void received.push(...events.map(({ body }) => body as unknown)),
          processError: async (error) => void received.push(error.message),
        },
        { startPosition: earliestEventPosition, maxBatchSize: 10, maxWaitTimeInSeconds: 1 },
      ),
    )
    await vi.waitFor(() => expect(received).toEqual(['one', large]), { timeout: 20_000 })
  })

  const script = `
import json, sys
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient, TransportType
connection, options = sys.argv[1], json.loads(sys.argv[2])
options["transport_type"] = TransportType.AmqpOverWebsocket
with EventHubProducerClient.from_connection_string(connection, eventhub_name="weather", **options) as producer:
    ids = producer.get_partition_ids()
    batch = producer.create_batch(partition_id="2")
    for index in range(100):
        batch.add(EventData(str(index) + "y" * 1000))
    producer.send_batch(batch)
consumer = EventHubConsumerClient.from_connection_string(connection, consumer_group="$Default", eventhub_name="weather", **options)
read = []
def on_event(partition, event):
    read.append(event.sequence_number)
    if len(read) == 100:
        print(json.dumps({"ids": ids, "read": read}), flush=True)
        import os
        os._exit(0)
consumer.receive(on_event, partition_id="2", starting_position="-1")
`

  it.skipIf('missing' in found).each([
    ['TLS', true],
    // On WebSockets it forgets the port of the connection string, unless it is told the address once more.
    ['the connection string, without TLS', false],
  ])(
    'serves the Python SDK, through %s',
    async (_, isSecure) => {
      const file = join(hub.folder, 'ca.pem')
      writeFileSync(file, hub.certificate?.cert ?? '')
      const secure = `Endpoint=sb://${hub.fullyQualifiedNamespace};SharedAccessKeyName=${KEY_NAME};SharedAccessKey=${KEY}`
      const options = {
        custom_endpoint_address: `sb://localhost:${hub.ports.tls}`,
        connection_verify: file,
      }
      const said = await runPython(script, [
        isSecure ? secure : hub.connectionString(),
        JSON.stringify(isSecure ? options : { custom_endpoint_address: `sb://localhost:${hub.ports.plain}` }),
      ])
      expect(JSON.parse(said)).toEqual({
        ids: ['0', '1', '2', '3'],
        read: Array.from({ length: 100 }, (_, index) => index),
      })
    },
    90_000,
  )

  /** What is answered to a handshake. */
  const knock = (path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const call = request({
        port: hub.ports.plain,
        path,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
          ...headers,
        },
      })
      call.on('response', (response) => resolve(response.resume().statusCode))
      call.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response.statusCode)
      })
      call.on('error', reject)
      call.end()
    })
  const amqp = { 'sec-websocket-protocol': 'AMQPWSB10' }

  it.each<[string, number, string, Record<string, string>]>([
    ['the path', 101, '/$servicebus/websocket', amqp],
    ['the path with a slash, in another case', 101, '/$ServiceBus/WebSocket/', amqp],
    ['the path as a whole address', 101, 'https://localhost:443/$servicebus/websocket?x=1', amqp],
    ['the name of the OASIS binding', 101, '/$servicebus/websocket', { 'sec-websocket-protocol': 'amqp' }],
    ['a page of this machine', 101, '/$servicebus/websocket/', { ...amqp, origin: 'http://localhost:3000' }],
    ['a page from elsewhere', 403, '/$servicebus/websocket/', { ...amqp, origin: 'https://example.com' }],
    ['another path', 404, '/', amqp],
    ['another path of a whole address', 404, 'https://localhost/a/$servicebus/websocket', amqp],
    ['another protocol', 400, '/$servicebus/websocket/', { 'sec-websocket-protocol': 'mqtt' }],
    ['no protocol', 400, '/$servicebus/websocket/', {}],
  ])('%s is answered %i', async (_, status, path, headers) => {
    expect(await knock(path, headers)).toBe(status)
  })

  it('gives up a connection that says nothing, on either port', async () => {
    await hub.close()
    hub = await HubFixture.start({ limits: { authorizationMs: 100 } })
    for (const port of [hub.ports.plain, hub.ports.tls]) await (await RawSocket.open(port)).closed
  })
})

describe('SASL PLAIN', () => {
  const connect = (username: string, password: string): Connection => {
    const container = rhea.create_container()
    for (const event of ['disconnected', 'connection_error', 'error']) container.on(event, () => {})
    const connection = container.connect({
      port: hub.ports.plain,
      host: 'localhost',
      reconnect: false,
      username,
      password,
    })
    keep({ close: () => (connection as unknown as { socket: { destroy(): void } }).socket.destroy() })
    return connection
  }

  it('with the key needs no token', async () => {
    const sender = connect(KEY_NAME, KEY).open_sender({ target: { address: HUB } } as never)
    await once(sender, 'sendable')
    sender.send({ body: rhea.message.data_section(Buffer.from('proved')) } as never)
    await once(sender, 'accepted')
    expect(bodies()).toEqual(['proved'])
  })

  it.each([
    ['another key', KEY_NAME, 'bm90IHRoZSBrZXk='],
    ['another name', 'nobody', KEY],
    ['half a key', KEY_NAME, KEY.slice(0, 10)],
  ])('with %s is refused, and the connection ends', async (_, username, password) => {
    const connection = connect(username, password)
    const [{ error }] = (await once(connection, 'connection_error')) as [{ error: Error }]
    expect(error.message).toContain('Failed to authenticate: 1')
    expect(hub.logged.text()).toContain('SASL PLAIN refused')
    expect(hub.logged.text()).not.toContain(password)
  })

  it('proves its own connection, and no other', async () => {
    const proved = connect(KEY_NAME, KEY)
    await once(proved, 'connection_open')
    const container = rhea.create_container()
    for (const event of ['disconnected', 'connection_error', 'sender_error', 'error'])
      container.on(event, () => {})
    const other = container.connect({ port: hub.ports.plain, host: 'localhost', reconnect: false })
    keep({ close: () => (other as unknown as { socket: { destroy(): void } }).socket.destroy() })
    const sender = other.open_sender({ target: { address: HUB } } as never)
    await once(sender, 'sender_close')
    expect(sender.error).toMatchObject({ condition: 'amqp:unauthorized-access' })
  })
})
