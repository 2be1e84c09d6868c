import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { sessionCredential } from '../../src/azure/auth/credential.ts'
import { oldestEnqueuedAt } from '../../src/azure/event-hubs/oldest-event.ts'
import { newConsumer } from '../../src/azure/event-hubs/producer.ts'
import { outputStart } from '../../src/azure/stages/output-start.ts'
import { connectTarget, hubConnection } from '../../src/azure/target.ts'
import { localAzureConfig } from '../../src/commands/shared/local-config.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { systemClock } from '../../src/local/runtime/clock.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})
afterAll(removeDataFolders)

async function start(): Promise<LocalAzure> {
  const azure = await startLocalAzure(localOptions(dataFolder()))
  open.push(azure)
  return azure
}
async function connect(azure: LocalAzure, token = azure.endpoints.token, more: object = {}): Promise<Target> {
  const target = await connectTarget({
    name: 'local',
    azure: { ...localAzureConfig(azure.endpoints), ...more },
    credential: sessionCredential(token),
    customEndpointAddress: azure.endpoints.eventHubsTls,
  })
  open.push(target)
  return target
}

describe('a target', () => {
  it('is made of adapters that all answer', async () => {
    const target = await connect(await start())
    expect(target.name).toBe('local')
    expect(await target.hub.partitions()).toHaveLength(2)
    const states = await Promise.all(
      Object.values(target.stages).map(async (stage) => (await stage.status()).state),
    )
    expect(states).toEqual(['stopped', 'stopped', 'stopped', 'stopped'])
    expect(await target.metrics.jobMetrics()).toBeUndefined()
    const { snapshot, errors } = await target.lake.poll(undefined)
    expect([snapshot.bronze.files, errors.size]).toEqual([0, 0])
  })

  it('with a wrong token is refused by every service, each by its own name', async () => {
    const target = await connect(await start(), 'wrong')
    const kinds = await Promise.all(
      [
        target.hub.partitions(),
        ...Object.values(target.stages).map((stage) => stage.status()),
        target.metrics.jobMetrics(),
      ].map((call: Promise<unknown>) =>
        call.then(
          () => 'answered',
          ({ kind, service }) => `${service}: ${kind}`,
        ),
      ),
    )
    expect(kinds).toEqual([
      'Event Hubs: authorization',
      'Stream Analytics: authorization',
      'Databricks: authorization',
      'Databricks: authorization',
      'Synapse: authorization',
      expect.stringMatching(/(Azure Monitor|Stream Analytics): authorization/),
    ])
  })

  it('without Synapse has an aggregate stage that says why it does not start', async () => {
    const target = await connect(await start(), undefined, { synapseEndpoint: undefined })
    expect(await target.stages.aggregate.status()).toMatchObject({
      state: 'stopped',
      providerStatus: 'not deployed',
    })
    await target.stages.aggregate.stop()
    await expect(target.stages.aggregate.start()).rejects.toMatchObject({
      kind: 'not-found',
      service: 'Synapse',
      hint: expect.stringContaining('azd'),
    })
  })

  it('reaches the hub by connection string where there is one', () => {
    const azure = { eventHub: 'weather', monitorConsumerGroup: 'monitor' } as never
    const credential = sessionCredential('token')
    expect(hubConnection(azure, credential, undefined)).toMatchObject({
      credential,
      fullyQualifiedNamespace: '',
    })
    const secret = 'Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=k'
    expect(
      hubConnection(
        { ...(azure as object), eventHubsConnectionString: secret } as never,
        credential,
        undefined,
      ),
    ).toEqual({
      connectionString: secret,
      hub: 'weather',
      consumerGroup: 'monitor',
    })
  })
})

describe('the oldest event of the hub', () => {
  it('is found over all partitions, and is none in an empty hub', async () => {
    const azure = await start()
    const target = await connect(azure)
    const consumer = newConsumer(
      hubConnection(
        localAzureConfig(azure.endpoints),
        sessionCredential(azure.endpoints.token),
        azure.endpoints.eventHubsTls,
      ),
    )
    open.push(consumer)
    const oldest = async () => oldestEnqueuedAt(consumer, await target.hub.partitions(), undefined)
    expect(await oldest()).toBeUndefined()
    const before = systemClock.now()
    await target.producer.send([{ body: Buffer.from('{}'), partitionKey: 'a' }])
    const between = systemClock.now()
    await vi.waitFor(() => expect(systemClock.now()).toBeGreaterThan(between))
    await target.producer.send(
      [...'bcdefgh'].map((partitionKey) => ({ body: Buffer.from('{}'), partitionKey })),
    )
    const found = (await oldest())?.getTime() ?? 0
    expect(found).toBeGreaterThanOrEqual(before)
    expect(found).toBeLessThanOrEqual(between)
  })
})

describe('where the output begins', () => {
  const facts = { lastOutputEventTime: undefined, oldestEvent: async () => undefined, now: () => 1e12 }
  it('is behind the last output, where there was any', async () => {
    expect(await outputStart({ ...facts, lastOutputEventTime: new Date() })).toEqual({
      outputStartMode: 'LastOutputEventTime',
    })
  })
  it.each([
    ['the oldest event', new Date(9e11), 9e11],
    ['now, when there is none', undefined, 1e12],
    ['now, when the hub’s clock is ahead', new Date(2e12), 1e12],
  ])('is a margin before %s', async (_, oldest, expected) => {
    const { outputStartMode, outputStartTime } = await outputStart({
      ...facts,
      oldestEvent: async () => oldest,
    })
    expect(outputStartMode).toBe('CustomTime')
    expect(outputStartTime?.getTime()).toBe(expected - 5 * 60_000)
  })
})

describe('credentials', () => {
  it('of a session give its token for every scope, far from expiry', async () => {
    const token = await sessionCredential('secret').getToken('any')
    expect(token?.token).toBe('secret')
    expect(token?.expiresOnTimestamp).toBeGreaterThan(Date.now() + 3_600_000)
  })
})
