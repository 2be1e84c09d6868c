/** Links as AMQP's own words have them, with a bare client that does what Microsoft's library for .NET does. */
import { once } from 'node:events'
import { EventHubProducerClient } from '@azure/event-hubs'
import rhea, { type EventContext, type Receiver, type Sender } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { nextMessage, outcome, RawClient, signature } from '../local/event-hubs/raw-client.ts'

let hub: HubFixture
let client: RawClient
beforeEach(async () => {
  hub = await HubFixture.start()
  client = new RawClient(hub)
  await client.putToken()
})
afterEach(async () => {
  client.close()
  await hub.close()
})

const reader = (group = '$Default', partition: unknown = 0) =>
  `${HUB}/ConsumerGroups/${group}/Partitions/${partition}`
const encode = (message: object): Buffer => rhea.message.encode(message as never) as unknown as Buffer

interface Refusal {
  /** Whether the attach had the terminus that is the hub's own. */
  hasTerminus: boolean
  /** Whether it repeated neither terminus. */
  isBare: boolean
  error: { condition: string; description: string }
}

/** Opens a link that is refused: the attach must come, and without a terminus; then the detach with the reason. */
async function refused(
  options: { from: string; properties?: object } | { to: string; capability?: string },
  by = client,
): Promise<Refusal> {
  const { connection } = by
  const isReader = 'from' in options
  const link: Sender | Receiver = isReader
    ? connection.open_receiver({
        source: { address: options.from },
        target: { address: 'mine' },
        credit_window: 0,
        ...(options.properties && { properties: options.properties }),
      } as never)
    : connection.open_sender({
        source: { address: 'mine' },
        target: { address: options.to },
        ...(options.capability && { desired_capabilities: [options.capability] }),
      } as never)
  const name = isReader ? 'receiver' : 'sender'
  const closed = once(link, `${name}_close`)
  await once(link, `${name}_open`)
  const { source, target } = link as unknown as Record<'source' | 'target', { value?: unknown }>
  const [own, other] = (isReader ? [source, target] : [target, source]).map(({ value }) => value !== null)
  await closed
  const error = link.error as unknown as Refusal['error']
  return { hasTerminus: own === true, isBare: own === false && other === false, error }
}

describe('settle modes', () => {
  const modes = [undefined, 0, 1, 2].flatMap((sender) =>
    [undefined, 0, 1].map((receiver) => [sender, receiver] as const),
  )

  it.each(modes)('%s and %s are repeated by every attach', async (snd_settle_mode, rcv_settle_mode) => {
    const asked = {
      ...(snd_settle_mode !== undefined && { snd_settle_mode }),
      ...(rcv_settle_mode !== undefined && { rcv_settle_mode }),
    }
    const links = [
      ...['$cbs', '$management', HUB, `${HUB}/Partitions/1`].map((address) =>
        client.connection.open_sender({ target: { address }, ...asked } as never),
      ),
      ...['$cbs', '$management', reader(), reader('nobody')].map((address) =>
        client.connection.open_receiver({ source: { address }, credit_window: 0, ...asked } as never),
      ),
    ]
    await Promise.all(links.map((link) => once(link, link.is_sender() ? 'sender_open' : 'receiver_open')))
    // What is left out means these.
    const { snd_settle_mode: sender = 2, rcv_settle_mode: receiver = 0 } = asked
    for (const link of links)
      expect(link).toMatchObject({ snd_settle_mode: sender, rcv_settle_mode: receiver })
  })

  it('hold for what is sent: settled by the receiver where it says so, and by the hub behind it', async () => {
    hub.log.append(0, [encode({ body: 'one' }), encode({ body: 'two' })])
    const receiver = client.connection.open_receiver({
      source: { address: reader() },
      snd_settle_mode: 0,
      rcv_settle_mode: 1,
      autoaccept: false,
      credit_window: 10,
    } as never)
    const isSettled: unknown[] = []
    let settled = 0
    receiver.on('message', ({ delivery }: EventContext) => {
      isSettled.push((delivery as unknown as { remote_settled: boolean }).remote_settled)
      delivery?.accept()
    })
    receiver.on('settled', () => settled++)
    await vi.waitFor(() => expect(settled).toBe(2), { timeout: 20_000 })
    expect(isSettled).toEqual([false, false])
  })

  it('"second" of a sender is settled at once all the same, for as many events as it likes', async () => {
    const sender = client.connection.open_sender({
      target: { address: `${HUB}/Partitions/0` },
      rcv_settle_mode: 1,
    } as never)
    await once(sender, 'sendable')
    let accepted = 0
    sender.on('accepted', () => accepted++)
    for (let sent = 0; sent < 300; sent++) sender.send({ body: 'x' } as never)
    await vi.waitFor(() => expect(accepted).toBe(300), { timeout: 20_000 })
    for (let sent = 0; sent < 2000 && sender.sendable(); sent++) sender.send({ body: 'x' } as never)
    await vi.waitFor(() => expect(hub.stored(0).length).toBeGreaterThan(300), { timeout: 20_000 })
  })
})

describe('a link that is refused has no terminus, and then the reason', () => {
  const absent = (entity: string) => ({
    condition: 'amqp:not-found',
    description: expect.stringMatching(
      new RegExp(`^The messaging entity '${entity.replace(/[$/]/g, '\\$&')}' could not be found\\. `),
    ),
  })
  const noPartition = {
    condition: 'com.microsoft:argument-out-of-range',
    description: expect.stringContaining('between 0 and 3'),
  }

  it.each<[string, Parameters<typeof refused>[0], object]>([
    [
      'a reader of another hub',
      { from: `elsewhere/ConsumerGroups/$Default/Partitions/0` },
      absent('elsewhere'),
    ],
    [
      'a reader of a group that is not there',
      { from: reader('nobody') },
      absent(`${HUB}/ConsumerGroups/nobody`),
    ],
    ['a reader of a partition that is not there', { from: reader('$Default', 4) }, noPartition],
    ['a reader of a partition that is no number', { from: reader('$Default', 'x') }, noPartition],
    ['a reader of a whole hub', { from: HUB }, absent(HUB)],
    ['a reader of something else', { from: `${HUB}/Topics/0/a` }, absent(`${HUB}/Topics/0/a`)],
    ['a sender to another hub', { to: 'elsewhere' }, absent('elsewhere')],
    ['a sender to a partition of another hub', { to: 'elsewhere/Partitions/0' }, absent('elsewhere')],
    ['a sender to a partition that is not there', { to: `${HUB}/Partitions/4` }, noPartition],
    ['a sender to a consumer group', { to: reader() }, { condition: 'amqp:not-allowed' }],
    [
      'an idempotent producer without a partition',
      { to: HUB, capability: 'com.microsoft:idempotent-producer' },
      { condition: 'amqp:not-allowed' },
    ],
  ])('%s', async (_, options, error) => {
    expect(await refused(options)).toMatchObject({ hasTerminus: false, error })
  })

  it.each([{ from: reader() }, { to: HUB }, { from: reader('nobody') }, { to: 'elsewhere' }])(
    'without a token: %o',
    async (options) => {
      const stranger = new RawClient(hub)
      try {
        expect(await refused(options, stranger)).toMatchObject({
          hasTerminus: false,
          error: { condition: 'amqp:unauthorized-access' },
        })
      } finally {
        stranger.close()
      }
    },
  )

  it('a sixth reader, who hears of the others as from the service', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await once(client.receiver({ properties: { 'com.microsoft:receiver-name': name } }), 'receiver_open')
    expect(await refused({ from: reader() })).toMatchObject({
      hasTerminus: false,
      error: {
        condition: 'amqp:resource-limit-exceeded',
        description: expect.stringContaining(
          'Exceeded the maximum number of allowed receivers per partition in a consumer group which is 5. List of connected receivers - a, b, c, d, e.',
        ),
      },
    })
  })

  const named = (name: string, epoch?: number) => ({
    'com.microsoft:receiver-name': name,
    ...(epoch !== undefined && { 'com.microsoft:epoch': rhea.types.wrap_long(epoch) }),
  })

  // As the service says it; Azure's SDK for Go tests for the first sentence.
  it.each([
    [
      'a lower owner level',
      1,
      `Receiver 'the owner' with a higher epoch '2' already exists. Receiver 'the other' with epoch 1 cannot be created.`,
    ],
    [
      'no owner level',
      undefined,
      `At least one receiver for the endpoint is created with epoch of '2', and so non-epoch receiver is not allowed.`,
    ],
  ])('a reader with %s beside one that has one', async (_, epoch, sentence) => {
    await once(client.receiver({ properties: named('the owner', 2) }), 'receiver_open')
    const { hasTerminus, error } = await refused({ from: reader(), properties: named('the other', epoch) })
    expect({ hasTerminus, condition: error.condition }).toEqual({
      hasTerminus: false,
      condition: 'amqp:link:stolen',
    })
    expect(error.description).toContain(sentence)
  })

  it('and who is driven out later hears both names too', async () => {
    const receiver = client.receiver({ properties: named('the first', 1) })
    await once(receiver, 'receiver_open')
    const closed = once(receiver, 'receiver_close')
    await once(client.receiver({ properties: named('the second', 2) }), 'receiver_open')
    await closed
    expect(receiver.error).toMatchObject({
      condition: 'amqp:link:stolen',
      description: expect.stringContaining(
        `New receiver 'the second' with higher epoch of '2' is created hence current receiver 'the first' with epoch '1' is getting disconnected.`,
      ),
    })
  })

  it('and the connection goes on', async () => {
    for (let round = 0; round < 20; round++)
      await refused(round % 2 ? { to: 'elsewhere' } : { from: reader('nobody') })
    const sender = await client.sender()
    const heard = outcome(sender)
    sender.send({ body: 'x' } as never)
    expect((await heard).name).toBe('accepted')
  })
})

describe('$cbs', () => {
  const request = (id: number, name: string, token = TOKEN, type = 'jwt') => ({
    message_id: id,
    reply_to: 'answers',
    application_properties: { operation: 'put-token', name, type },
    body: token,
  })

  it.each(['sender', 'receiver'] as const)(
    'has one %s on a connection, and another once it is closed',
    async (kind) => {
      const stranger = new RawClient(hub)
      const { connection } = stranger
      try {
        const first =
          kind === 'sender'
            ? connection.open_sender({ name: 'first', target: { address: '$cbs' } } as never)
            : connection.open_receiver({ name: 'first', source: { address: '$cbs' } } as never)
        await once(first, `${kind}_open`)
        expect(await refused(kind === 'sender' ? { to: '$cbs' } : { from: '$cbs' }, stranger)).toMatchObject({
          // Azure's SDK for Go waits for the reason only then.
          isBare: true,
          error: {
            condition: 'amqp:not-allowed',
            description: expect.stringMatching(
              /^A link to connection '[^']+' \$cbs node has already been opened\./,
            ),
          },
        })
        const closed = once(first, `${kind}_close`)
        first.close()
        await closed
        expect(await stranger.putToken()).toBe(202)
      } finally {
        stranger.close()
      }
    },
  )

  it('answers many requests that are on their way at once, all with the same empty tag, on settled links', async () => {
    const stranger = new RawClient(hub)
    try {
      const { connection } = stranger
      const answers = connection.open_receiver({
        name: 'answers',
        source: { address: '$cbs' },
        snd_settle_mode: 1,
      } as never)
      const asking = connection.open_sender({ target: { address: '$cbs' }, snd_settle_mode: 1 } as never)
      const statuses = new Map<unknown, unknown>()
      answers.on('message', ({ message }: EventContext) =>
        statuses.set(message?.correlation_id, message?.application_properties?.['status-code']),
      )
      await once(asking, 'sendable')
      expect(asking).toMatchObject({ snd_settle_mode: 1 })
      for (let id = 0; id < 40; id++)
        asking.send(
          request(id, `amqps://localhost/${HUB}/ConsumerGroups/$Default/Partitions/${id % 4}`) as never,
          Buffer.alloc(0),
        )
      await vi.waitFor(() => expect(statuses.size).toBe(40), { timeout: 20_000 })
      expect(new Set(statuses.values())).toEqual(new Set([202]))
      const receiver = stranger.receiver()
      await once(receiver, 'receiver_open')
      expect((receiver.source as { address?: string }).address).toBe(reader())
    } finally {
      stranger.close()
    }
  })

  it.each([
    ['a bearer token', TOKEN, 'jwt'],
    ['a signature', signature({ resource: 'sb://localhost/elsewhere' }), 'servicebus.windows.net:sastoken'],
    [
      'a signature for the namespace',
      signature({ resource: 'sb://localhost/' }),
      'servicebus.windows.net:sastoken',
    ],
  ])('answers 404 to %s for a hub that is not there', async (_, token, type) => {
    const answers = client.connection.open_receiver({ name: 'answers', source: { address: '$cbs' } } as never)
    const asking = client.connection.open_sender({ target: { address: '$cbs' } } as never)
    const answer = nextMessage(answers)
    await once(asking, 'sendable')
    asking.send(request(1, 'amqps://localhost/elsewhere', token, type) as never)
    expect((await answer).message?.application_properties).toMatchObject({
      'status-code': 404,
      'status-description': expect.stringContaining(`The messaging entity 'elsewhere' could not be found`),
      'error-condition': 'amqp:not-found',
    })
  })
})

describe('@azure/event-hubs', () => {
  const codeOf = async (use: (producer: EventHubProducerClient) => Promise<unknown>, name = HUB) => {
    const producer = new EventHubProducerClient(hub.connectionString(), name)
    try {
      return await use(producer).catch((error: { code?: string }) => error.code)
    } finally {
      await producer.close()
    }
  }

  it.each<[string, Parameters<typeof codeOf>, string]>([
    [
      'properties of a partition that is not there',
      [(one) => one.getPartitionProperties('17')],
      'ArgumentOutOfRangeError',
    ],
    ['a batch for it', [(one) => one.createBatch({ partitionId: '17' })], 'ArgumentOutOfRangeError'],
    [
      'properties of a hub that is not there',
      [(one) => one.getEventHubProperties(), 'elsewhere'],
      'MessagingEntityNotFoundError',
    ],
    ['a send to it', [(one) => one.sendBatch([{ body: 1 }]), 'elsewhere'], 'MessagingEntityNotFoundError'],
  ])('asks for %s once, and has its own name for the error', async (_, args, code) => {
    expect(await codeOf(...args)).toBe(code)
  })
})
