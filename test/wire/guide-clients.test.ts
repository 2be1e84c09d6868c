/** The samples of docs/clients.md that send, run as they stand there. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { messageBody } from '../../src/local/event-hubs/amqp/sections.ts'
import { HUB, HubFixture } from '../local/event-hubs/hub-fixture.ts'
import { runPython } from '../support/python.ts'

const root = resolve(import.meta.dirname, '../..')
const guide = readFileSync(resolve(root, 'docs/clients.md'), 'utf8')
const samples = [...guide.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
/** What sends in a language. */
const sample = (language: string) =>
  samples.find(([, of, text]) => of === language && text?.includes('EVENT_HUB'))?.[2] as string
const found = ensurePython()
if ('missing' in found) console.warn(`The guide's Python is left out: ${found.missing}`)

let hub: HubFixture
beforeEach(async () => {
  hub = await HubFixture.start()
  vi.stubEnv('EVENT_HUB', `${hub.connectionString()};EntityPath=${HUB}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})

describe('a sample of the guide sends the short form', () => {
  const sent = () =>
    [0, 1, 2, 3].flatMap((partition) =>
      hub.stored(partition).map(({ message }) => JSON.parse(messageBody(message).toString()) as unknown),
    )
  const short = {
    temperature: 21,
    humidity: 55,
    city: 'Bern',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
  }

  it.skipIf('missing' in found)('in Python', async () => {
    await runPython(sample('python'))
    expect(sent()).toEqual([short])
  })

  it('in JavaScript', async () => {
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', sample('js')], {
      cwd: root,
      timeout: 60_000,
    })
    expect(sent()).toEqual([short])
  })
})
