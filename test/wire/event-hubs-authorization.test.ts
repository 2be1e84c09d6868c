/** Who gets in: by the SDK with right and wrong secrets, and by a peer that leaves the proof out. */
import { once } from 'node:events'
import { EventHubConsumerClient, EventHubProducerClient } from '@azure/event-hubs'
import type { Receiver, Sender } from 'rhea'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HUB, HubFixture, TOKEN } from '../local/event-hubs/hub-fixture.ts'
import { outcome, RawClient, signature } from '../local/event-hubs/raw-client.ts'

const START = 1_800_000_000_000
let hub: HubFixture
let now: number
let raw: RawClient
beforeEach(async () => {
  now = START
  hub = await HubFixture.start({ now: () => now })
  raw = new RawClient(hub)
})
afterEach(async () => {
  raw.close()
  await hub.close()
})

const RETRIES = { retryOptions: { maxRetries: 0 } }
const refused = { code: 'UnauthorizedError' }

async function expectRefusal(producer: EventHubProducerClient, consumer: EventHubConsumerClient) {
  try {
    await expect(producer.sendBatch([{ body: 1 }])).rejects.toMatchObject(refused)
    await expect(producer.getPartitionIds()).rejects.toMatchObject(refused)
    const error = await new Promise<{ code?: string }>((resolve) => {
      const subscription = consumer.subscribe('0', {
        processEvents: async () => {},
        processError: async (reason) => {
          void subscription.close().then(() => resolve(reason as { code?: string }))
        },
      })
    })
    expect(error).toMatchObject(refused)
  } finally {
    await producer.close()
    await consumer.close()
  }
  expect(hub.lastSequenceNumbers).toEqual([-1, -1, -1, -1])
}

describe('the SDK', () => {
  it('is refused with a wrong bearer token', async () => {
    const options = { customEndpointAddress: `sb://localhost:${hub.ports.tls}`, ...RETRIES }
    const wrong = hub.credential('not the token')
    await expectRefusal(
      new EventHubProducerClient(hub.fullyQualifiedNamespace, HUB, wrong, options),
      new EventHubConsumerClient('$Default', hub.fullyQualifiedNamespace, HUB, wrong, options),
    )
    expect(hub.logged.text()).toContain('the bearer token is not that of this session')
    expect(hub.logged.text()).not.toContain('not the token')
  })

  it.each([
    ['key', () => hub.connectionString('wrong')],
    ['key name', () => hub.connectionString(undefined, 'Nobody')],
  ])('is refused with a wrong %s', async (_, connectionString) => {
    await expectRefusal(
      new EventHubProducerClient(connectionString(), HUB, RETRIES),
      new EventHubConsumerClient('$Default', connectionString(), HUB, RETRIES),
    )
  })
})

describe('a peer', () => {
  const closed = async (link: Receiver | Sender, role: 'receiver' | 'sender') => {
    await once(link, `${role}_error`)
    return (link.error as { condition?: string } | undefined)?.condition
  }

  it('gets no link without a token', async () => {
    const addresses = [`${HUB}`, `${HUB}/Partitions/0`, 'elsewhere']
    for (const address of addresses)
      expect(await closed(raw.connection.open_sender(address), 'sender')).toBe('amqp:unauthorized-access')
    const receiver = raw.receiver()
    expect(await closed(receiver, 'receiver')).toBe('amqp:unauthorized-access')
    expect((receiver.error as unknown as { description: string }).description).toContain(
      `Unauthorized access. 'Listen' claim(s) are required to perform this operation. Resource: 'sb://localhost/${HUB}/consumergroups/$default/partitions/0'. `,
    )
  })

  it('is told which claim it lacks, at a length that every peer reads', async () => {
    const sender = raw.connection.open_sender(`${HUB}/${'x'.repeat(10_000)}`)
    await closed(sender, 'sender')
    const { description } = sender.error as unknown as { description: string }
    expect(description).toContain("Unauthorized access. 'Send' claim(s) are required")
    expect(description.length).toBeLessThan(700)
  })

  const ask = async (security_token?: unknown) => {
    const question = { operation: 'READ', name: HUB, type: 'com.microsoft:eventhub' }
    const properties = security_token === undefined ? question : { ...question, security_token }
    const { application_properties } = await raw.request('$management', properties, null)
    return application_properties?.['status-code'] as number
  }

  it.each([
    ['none', undefined, 401],
    ['the session token', TOKEN, 200],
    ['another token', 'other', 401],
    ['a signature for the hub', signature(), 200],
    ['a signature with another key', signature({ key: 'other' }), 401],
    ['a number', 7, 401],
  ])('that asks $management and brings %s is answered accordingly', async (_, token, status) => {
    expect(await ask(token)).toBe(status)
  })

  it('that asks $management with guessed tokens is sent away', async () => {
    const gone = once(raw.connection, 'connection_close')
    for (let guess = 0; guess < 19; guess++) expect(await ask(`guess ${guess}`)).toBe(401)
    void ask('the last guess').catch(() => {})
    await gone
  })

  it.each([
    ['the session token', 'the token of this session', 'jwt', 202],
    ['another token', 'other', 'jwt', 401],
    ['a token of no known type', 'the token of this session', 'saml', 401],
    ['a signature for the hub', () => signature(), 'servicebus.windows.net:sastoken', 202],
    [
      'a signature for the namespace',
      () => signature({ resource: 'sb://localhost/' }),
      'servicebus.windows.net:sastoken',
      202,
    ],
    [
      'a signature for a consumer group',
      () => signature({ resource: `amqps://localhost/${HUB.toUpperCase()}/ConsumerGroups/x` }),
      'servicebus.windows.net:sastoken',
      202,
    ],
    [
      'a signature for another hub',
      () => signature({ resource: `sb://localhost/${HUB}er` }),
      'servicebus.windows.net:sastoken',
      404,
    ],
    [
      'a signature with another key',
      () => signature({ key: 'other' }),
      'servicebus.windows.net:sastoken',
      401,
    ],
    [
      'a signature of another key name',
      () => signature({ keyName: 'other' }),
      'servicebus.windows.net:sastoken',
      401,
    ],
    [
      'a signature that has expired',
      () => signature({ expiresAt: START - 1000 }),
      'servicebus.windows.net:sastoken',
      401,
    ],
    [
      'a signature whose end was moved',
      () => signature({ expiresAt: START + 1000 }).replace(/se=\d+/, 'se=9999999999'),
      'servicebus.windows.net:sastoken',
      401,
    ],
    ['half a signature', 'SharedAccessSignature sr=a&sig=', 'servicebus.windows.net:sastoken', 401],
    [
      'a signature with stray signs',
      'SharedAccessSignature sr=%&sig=%&se=1&skn=%',
      'servicebus.windows.net:sastoken',
      401,
    ],
    ['nothing', '', 'servicebus.windows.net:sastoken', 401],
  ])('that puts %s is answered accordingly', async (_, token, type, status) => {
    expect(await raw.putToken(typeof token === 'string' ? token : token(), type)).toBe(status)
  })

  // As Azure's SDK for Go makes them for a connection string with a signature.
  it.each([
    ['localhost', 202],
    ['localhost:5671', 202],
    ['my.namespace', 202],
    [`localhost/${HUB}`, 202],
    ['elsewhere', 404],
    ['localhost/elsewhere', 404],
    ['localhost:5671/elsewhere', 404],
  ])('that puts a signature for %s, without a scheme, is answered %i', async (resource, status) => {
    expect(await raw.putToken(signature({ resource }), 'servicebus.windows.net:sastoken')).toBe(status)
  })

  it.each([
    [
      'a signature ended',
      { expiresAt: START - 1000 },
      "ExpiredToken: The token is expired. Expiration time: '2027-01-15 07:59:59Z'",
    ],
    [
      'a signature is wrong',
      { key: 'other' },
      'InvalidSignature: The token has an invalid signature. Is its key of this session (rtstream-tui endpoints)?',
    ],
    [
      'a signature ends at no time',
      { expiresAt: Number.NaN },
      'The token is refused: the signature has expired.',
    ],
    ['a key has another name', { keyName: 'other' }, 'The token is refused: there is no key named other.'],
  ])('hears that %s, in the words that clients know', async (_, of, words) => {
    const { application_properties } = await raw.request(
      '$cbs',
      {
        operation: 'put-token',
        name: `sb://localhost/${HUB}`,
        type: 'servicebus.windows.net:sastoken',
      },
      signature(of),
    )
    expect(application_properties).toMatchObject({
      'status-code': 401,
      'status-description': words,
      'error-condition': 'com.microsoft:auth-failed',
    })
  })

  it('loses its links when its token has expired, and gets new ones with a new token', async () => {
    const until = (expiresAt: number) =>
      raw.putToken(signature({ expiresAt }), 'servicebus.windows.net:sastoken')
    await until(START + 60_000)
    const sender = await raw.sender()
    const receiver = raw.receiver()
    receiver.add_credit(10)
    const received = once(receiver, 'message')
    sender.send({ body: 'in time' })
    expect((await outcome(sender)).name).toBe('accepted')
    await received
    now += 61_000
    sender.send({ body: 'too late' })
    expect(await closed(sender, 'sender')).toBe('amqp:unauthorized-access')
    hub.log.append(
      0,
      hub.stored(0).map(({ message }) => message),
    )
    expect(await closed(receiver, 'receiver')).toBe('amqp:unauthorized-access')
    await until(now + 60_000)
    const again = await raw.sender()
    again.send({ body: 'with a new one' })
    expect((await outcome(again)).name).toBe('accepted')
    expect(hub.log.properties(0).lastEnqueuedSequenceNumber).toBe(2)
  })

  it('hears of the end of its link alone, and of none of the events on their way, when its token has expired', async () => {
    await raw.putToken(signature({ expiresAt: START + 60_000 }), 'servicebus.windows.net:sastoken')
    const sender = await raw.sender()
    const heard: string[] = []
    for (const event of ['accepted', 'rejected', 'released', 'settled'])
      sender.on(event, () => heard.push(event))
    // The protocol library prints what an outcome should be and is not.
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      now += 61_000
      const closed = once(sender, 'sender_error')
      for (let event = 0; event < 3; event++) sender.send({ body: 'late' } as never)
      await closed
      // What comes behind it on the session would come before this.
      await raw.putToken()
      expect([heard, printed.mock.calls]).toEqual([[], []])
      expect(hub.lastSequenceNumbers).toEqual([-1, -1, -1, -1])
    } finally {
      printed.mockRestore()
    }
  })

  it('that puts no token in time is sent away', async () => {
    const impatient = await HubFixture.start({ limits: { authorizationMs: 50 } })
    const silent = new RawClient(impatient)
    try {
      await once(silent.connection, 'disconnected')
      expect(impatient.logged.text()).toContain('no token was put to $cbs in time')
    } finally {
      silent.close()
      await impatient.close()
    }
  })

  it('that has put one stays', async () => {
    await raw.putToken()
    const sender = await raw.sender()
    sender.send({ body: 'a' })
    await vi.waitFor(() => expect(hub.lastSequenceNumbers[0]).toBe(0))
  })
})
