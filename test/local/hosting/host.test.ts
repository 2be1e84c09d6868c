import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LocalAzure, startLocalAzure } from '../../../src/local/hosting/host.ts'
import { codeOfWorker, loadWorker, takeWorker } from '../../../src/local/hosting/worker-thread.ts'
import type { LocalAzureOptions } from '../../../src/local/runtime/options.ts'
import { dataFolder, localOptions, removeDataFolders } from '../../support/local-azure.ts'
import { restCaller } from '../../support/rest.ts'

const open: LocalAzure[] = []
async function start(dataDir: string, more: Partial<LocalAzureOptions> = {}) {
  const azure = await startLocalAzure(localOptions(dataDir, more))
  open.push(azure)
  return azure
}
const environment = { ...process.env }
beforeEach(() => {
  process.env.NO_PROXY = 'example.org'
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((azure) => azure.close()))
  process.env.NO_PROXY = environment.NO_PROXY
})
afterAll(removeDataFolders)

describe('the worker', () => {
  it('starts, is trusted by this process, logs into its file, and stops', async () => {
    const dataDir = dataFolder()
    const azure = await start(dataDir)
    const failures: Error[] = []
    azure.onFailure((error) => failures.push(error))
    const { management, token } = azure.endpoints
    expect((await restCaller(management, token)('GET', '/databricks/api/2.2/jobs/list')).status).toBe(200)
    expect((await restCaller(management, 'wrong')('GET', '/databricks/api/2.2/jobs/list')).status).toBe(403)
    expect(process.env.NO_PROXY).toBe('example.org,localhost,127.0.0.1')
    await azure.close()
    await azure.close()
    await expect(fetch(management)).rejects.toThrow()
    expect(failures).toEqual([])
    expect(readFileSync(join(dataDir, 'rtstream.log'), 'utf8')).toContain('request refused')
  })

  it('may be loaded before it is known what it shall be; what broke meanwhile is begun anew', async () => {
    loadWorker()
    const early = takeWorker()
    const other = takeWorker()
    expect(other.threadId).not.toBe(early.threadId)
    await other.terminate()
    // As a program takes it: by its first message.
    loadWorker()
    let hasCode = false
    void codeOfWorker().then(() => {
      hasCode = true
    })
    await new Promise(setImmediate)
    expect(hasCode).toBe(false)
    const azure = await start(dataFolder())
    await codeOfWorker()
    expect((await restCaller(azure.endpoints.management, '')('GET', '/')).status).toBe(401)
    await early.terminate()
    const broken = loadWorker(new URL('./no-such-worker.ts', import.meta.url))
    await expect(once(broken, 'exit')).rejects.toThrow('no-such-worker')
    await codeOfWorker()
    await start(dataFolder())
  })

  it('tells why it did not start, by name and with a hint', async () => {
    const dataDir = dataFolder()
    await start(dataDir)
    await expect(start(dataDir)).rejects.toMatchObject({
      name: 'DataFolderInUseError',
      message: expect.stringContaining(dataDir),
      hint: expect.stringContaining('--data-dir'),
    })
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    try {
      const ports = { amqp: port, amqpTls: 0, kafka: 0, kafkaTls: 0, lake: 0, lakeTls: 0, management: 0 }
      await expect(start(dataFolder(), { ports })).rejects.toMatchObject({
        name: 'PortTakenError',
        message: expect.stringContaining(String(port)),
      })
    } finally {
      taken.close()
    }
  })

  it('of several sessions is trusted beside the others', async () => {
    for (const _ of [1, 2, 3]) await start(dataFolder())
    for (const { endpoints } of open)
      expect((await restCaller(endpoints.management, endpoints.token)('GET', '/')).status).toBe(404)
  })

  const broken = new URL('./broken-worker.ts', import.meta.url)

  it.each([
    ['throw', 'The local services ended unexpectedly: broken in the middle.'],
    ['memory', 'The local services ran out of memory (256 MB).'],
  ])('that breaks down (%s) is reported once, in a line for a person', async (how, message) => {
    const azure = await startLocalAzure(localOptions(how), { workerFile: broken })
    const failures: Error[] = []
    azure.onFailure((error) => failures.push(error))
    await vi.waitFor(() => expect(failures).toHaveLength(1), { timeout: 20_000 })
    expect(failures[0]?.message).toBe(message)
    // Closing what is gone is no error, and no further failure.
    await azure.close()
    expect(failures).toHaveLength(1)
  })

  it('that does not stop in order says so to whoever closes it', async () => {
    const azure = await startLocalAzure(localOptions('close'), { workerFile: broken })
    await expect(azure.close()).rejects.toThrow('the event hub did not stop')
  })

  it.each([
    ['before', /broken before the start/],
    ['exit', /exit code 3/],
  ])('that breaks before it has started (%s) fails the start', async (how, message) => {
    await expect(startLocalAzure(localOptions(how), { workerFile: broken })).rejects.toThrow(message)
  })

  it('that never starts is given up', async () => {
    await expect(
      startLocalAzure(localOptions('never'), { workerFile: broken, startTimeoutMs: 500 }),
    ).rejects.toThrow('The local services did not start within 0.5 s; see the log.')
  })
})
