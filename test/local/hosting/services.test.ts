import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { EventHubConsumerClient, EventHubProducerClient, earliestEventPosition } from '@azure/event-hubs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { LakeChanges } from '../../../src/contract/lake-changes.ts'
import { type LocalServices, startLocalServices } from '../../../src/local/hosting/services.ts'
import { trust } from '../../../src/local/hosting/trust.ts'
import { LOCAL_NAMES, type LocalAzureOptions } from '../../../src/local/runtime/options.ts'
import { bypassProxies } from '../../../src/local/runtime/proxies.ts'
import { FakeEngine } from '../../support/fake-engine.ts'
import { freePort } from '../../support/free-port.ts'
import { dataFolder, localOptions, removeDataFolders } from '../../support/local-azure.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { restCaller } from '../../support/rest.ts'

const open: LocalServices[] = []
const logged = memoryLogger()
const engines: FakeEngine[] = []
async function start(options: Partial<LocalAzureOptions> & { dataDir: string }, lakeChanges?: LakeChanges) {
  const services = await startLocalServices(localOptions(options.dataDir, options), {
    logger: logged.logger,
    lakeChanges,
    createEngine: async () => {
      const engine = new FakeEngine()
      engines.push(engine)
      return { engine, readBySilver: () => () => false }
    },
  })
  open.push(services)
  bypassProxies()
  trust(services.endpoints.certificate)
  return services
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})
afterAll(removeDataFolders)

const JOBS = '/databricks/api/2.2/jobs/list'

describe('what the services answer about the stages', () => {
  /** Runs the deed. @returns how much was counted by then. */
  const counting = async () => {
    const changes = new LakeChanges()
    const { endpoints, faults } = await start({ dataDir: dataFolder() }, changes)
    const rest = restCaller(endpoints.management, endpoints.token)
    const counted = async (deed: () => unknown) => {
      const before = changes.countOf('services')
      await deed()
      return changes.countOf('services') - before
    }
    const engine = engines.at(-1) as FakeEngine
    return { rest, faults, counted, changes, engine }
  }
  const { subscription, resourceGroup, job, pipeline } = LOCAL_NAMES
  const SUBSCRIPTION = `/subscriptions/${subscription}`
  const ASA = `${SUBSCRIPTION}/resourceGroups/${resourceGroup}/providers/Microsoft.StreamAnalytics/streamingjobs/${job}`

  it('is counted when it changes: by a run’s begin and its end, by the job’s states, by a fault', async () => {
    const { rest, faults, counted, changes, engine } = await counting()
    const jobs = '/databricks/api/2.2/jobs'
    const { job_id } = (await rest('GET', `${jobs}/list?name=rtstream-silver`)).body.jobs[0]
    expect(await counted(() => rest('POST', `${jobs}/run-now`, { job_id }))).toBeGreaterThan(0)
    const before = changes.countOf('services')
    engine.last.fail('out of memory')
    await expect.poll(() => changes.countOf('services')).toBeGreaterThan(before)
    const states: number[] = []
    expect(
      await counted(() =>
        rest('POST', `${ASA}/start?api-version=2021-10-01-preview`, { outputStartMode: 'JobStartTime' }),
      ),
    ).toBeGreaterThan(0)
    states.push(changes.countOf('services'))
    // It comes from starting to running by itself.
    await expect.poll(() => changes.countOf('services')).toBeGreaterThan(states[0] as number)
    expect(await counted(() => faults.inject('token-expired'))).toBe(1)
    expect(await counted(() => faults.mend('token-expired'))).toBe(1)
  })

  it('is not counted for being asked', async () => {
    const { rest, counted } = await counting()
    const span = { startTime: '2026-11-29T00:00:00Z', endTime: '2026-11-29T01:00:00Z' }
    const names = 'api-version=2024-02-01&metricnamespace=Microsoft.StreamAnalytics/streamingjobs'
    expect(
      await counted(async () => {
        await rest('GET', JOBS)
        await rest('GET', `${ASA}?api-version=2021-10-01-preview`)
        await rest('POST', '/synapse/queryPipelineRuns?api-version=2020-12-01', {
          lastUpdatedAfter: span.startTime,
          lastUpdatedBefore: span.endTime,
          filters: [{ operand: 'PipelineName', operator: 'Equals', values: [pipeline] }],
        })
        await rest('POST', `${SUBSCRIPTION}/metrics:getBatch?${names}&metricnames=InputEvents`, {
          resourceids: [ASA],
        })
      }),
    ).toBe(0)
  })
})

describe('all services together', () => {
  it('need this session’s token, stop when they are closed, and give the folder free', async () => {
    const dataDir = dataFolder()
    const first = await start({ dataDir })
    const { management, token, lakeTls } = first.endpoints
    expect((await restCaller(management, token)('GET', JOBS)).status).toBe(200)
    const second = await startLocalServices(localOptions(dataDir), { logger: logged.logger }).catch(
      (error) => error,
    )
    expect(second).toMatchObject({ name: 'DataFolderInUseError', message: expect.stringContaining(dataDir) })
    await first.close()
    await first.close()
    for (const url of [management, lakeTls]) await expect(fetch(url)).rejects.toThrow()
    const again = await start({ dataDir })
    // Another session, another token.
    expect((await restCaller(again.endpoints.management, token)('GET', JOBS)).status).toBe(403)
  })

  it('start all or none: a taken port is named, and what had started is stopped again', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    try {
      const dataDir = dataFolder()
      for (const name of ['amqp', 'amqpTls', 'kafka', 'kafkaTls', 'lake', 'lakeTls', 'management'] as const) {
        const ports = {
          amqp: 0,
          amqpTls: 0,
          kafka: 0,
          kafkaTls: 0,
          lake: 0,
          lakeTls: 0,
          management: 0,
          [name]: port,
        }
        await expect(start({ dataDir, ports })).rejects.toMatchObject({
          name: 'PortTakenError',
          message: expect.stringContaining(String(port)),
          hint: expect.any(String),
        })
      }
      // The folder and everything else is free.
      await start({ dataDir })
    } finally {
      taken.close()
    }
  })

  it('ask nobody without a proof for a body', async () => {
    const { management, lakeTls, lake } = (await start({ dataDir: dataFolder() })).endpoints
    const asked: [string, string][] = [
      ['POST', `${management}/databricks/api/2.2/jobs/create`],
      ['POST', `${management}/databricks/api/2.0/workspace/import`],
      ['PUT', `${management}/synapse/notebooks/one`],
      ['POST', `${management}/subscriptions/one/anything`],
      ['PUT', `${lakeTls}/bronze/file?resource=file`],
      ['PATCH', `${lakeTls}/bronze/file?action=append&position=0`],
      ['PUT', `${lake}/bronze/file`],
      ['POST', `${lake}/?comp=batch`],
    ]
    for (const [method, url] of asked) {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest
      const headers = {
        'content-length': 9_000_000,
        expect: '100-continue',
        'content-type': 'application/json',
      }
      const sent = send(url, { method, headers, agent: false })
      let isAsked = false
      sent.on('continue', () => {
        isAsked = true
      })
      sent.on('error', () => {})
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>
      sent.flushHeaders()
      const [{ statusCode }] = await answered
      sent.destroy()
      expect([method, url, statusCode, isAsked]).toEqual([method, url, expect.any(Number), false])
      expect([400, 401, 403, 404]).toContain(statusCode)
    }
  })

  it('keep the partitions that the folder was made with, and tell them', async () => {
    const dataDir = dataFolder()
    const { endpoints, close } = await start({ dataDir, partitions: 3 })
    await close()
    expect([endpoints.partitions, (await start({ dataDir, partitions: 5 })).endpoints.partitions]).toEqual([
      3, 3,
    ])
  })

  it('keep the ports that they are given', async () => {
    const port = await freePort()
    const ports = { amqp: 0, amqpTls: 0, kafka: 0, kafkaTls: 0, lake: 0, lakeTls: 0, management: port }
    const { endpoints } = await start({ dataDir: dataFolder(), ports })
    expect(endpoints.management).toBe(`https://localhost:${port}`)
  })

  it('have the consumer groups that they are given', async () => {
    const { endpoints } = await start({ dataDir: dataFolder(), consumerGroups: ['alerts'] })
    expect(endpoints.consumerGroups).toEqual(['$Default', 'stream-analytics', 'monitor', 'alerts'])
    const consumer = new EventHubConsumerClient('alerts', endpoints.eventHubsConnectionString)
    const producer = new EventHubProducerClient(endpoints.eventHubsConnectionString)
    await producer.sendBatch([{ body: 'for the alerts' }], { partitionId: '0' })
    const received = await new Promise((resolve, reject) => {
      consumer.subscribe(
        '0',
        {
          processEvents: async ([event]) => resolve(event?.body),
          processError: async (error) => reject(error),
        },
        { startPosition: earliestEventPosition },
      )
    })
    await Promise.all([consumer.close(), producer.close()])
    expect(received).toBe('for the alerts')
  })

  it('write the certificate for other clients, and no secret into any file or log', async () => {
    const dataDir = dataFolder()
    const { endpoints, close } = await start({ dataDir })
    await restCaller(endpoints.management, endpoints.token)('GET', JOBS)
    await restCaller(endpoints.management, 'a-wrong-token')('GET', JOBS)
    expect(readFileSync(endpoints.certificateFile, 'utf8')).toBe(`${endpoints.certificate.trimEnd()}\n`)
    expect(endpoints.certificateFile).toBe(join(dataDir, 'local', 'ca.pem'))
    await close()
    const hubKey = /SharedAccessKey=([^;]+)/.exec(endpoints.eventHubsConnectionString)?.[1] as string
    const secrets = [endpoints.token, endpoints.accountKey, hubKey, 'PRIVATE KEY', 'a-wrong-token']
    const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
      .map((name) => join(dataDir, name))
      .filter((path) => statSync(path).isFile())
    expect(files.length).toBeGreaterThan(3)
    for (const text of [logged.text(), ...files.map((file) => readFileSync(file, 'latin1'))])
      for (const secret of secrets) expect(text).not.toContain(secret)
  })

  it('cancel the runs before they stop, so that the next session sees them cancelled', async () => {
    const dataDir = dataFolder()
    const { endpoints, close } = await start({ dataDir })
    const rest = restCaller(`${endpoints.management}/databricks/api/2.2/jobs`, endpoints.token)
    const { job_id } = (await rest('GET', '/list?name=rtstream-silver')).body.jobs[0]
    const { run_id } = (await rest('POST', '/run-now', { job_id })).body
    await close()
    expect(engines.at(-1)?.last.state).toBe('cancelled')
    const again = await start({ dataDir })
    const other = restCaller(`${again.endpoints.management}/databricks/api/2.2/jobs`, again.endpoints.token)
    expect((await other('GET', `/runs/get?run_id=${run_id}`)).body.status.termination_details.code).toBe(
      'USER_CANCELED',
    )
  })

  it('follow from a seed, for tests; else every session has secrets of its own', async () => {
    const secrets = async (seed: string | undefined) => {
      const { endpoints, close } = await start({ dataDir: dataFolder(), seed })
      await close()
      return [endpoints.token, endpoints.accountKey]
    }
    expect(await secrets('a')).toEqual(await secrets('a'))
    const all = [
      await secrets('a'),
      await secrets('b'),
      await secrets(undefined),
      await secrets(undefined),
    ].flat()
    expect(new Set(all).size).toBe(8)
  })

  it('say which state file cannot be read', async () => {
    const dataDir = dataFolder()
    await (await start({ dataDir })).close()
    const names = readdirSync(join(dataDir, 'state'))
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) {
      const file = join(dataDir, 'state', name)
      const whole = readFileSync(file)
      // Cut short, empty, and JSON of something else.
      for (const content of [
        whole.subarray(0, whole.length - 2),
        '',
        'null',
        '5',
        '{"x":[1]}',
        '[{"x":1}]',
      ]) {
        writeFileSync(file, content)
        await expect(start({ dataDir }), `${name}: ${content}`).rejects.toMatchObject({
          name: 'StateFileError',
          message: expect.stringContaining(name),
          hint: expect.stringContaining('Move the file away'),
        })
      }
      rmSync(file)
      await (await start({ dataDir })).close()
    }
  })
})
