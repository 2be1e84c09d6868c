import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  askInstance,
  channelPath,
  type InstanceInfo,
  serveChannel,
} from '../../../src/commands/shared/control-channel.ts'

const info = { pid: 1, startedAt: 2, endpoints: { token: 'secret' } } as unknown as InstanceInfo
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rtstream-channel-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('tells the instance to whoever asks on the same folder, until it is closed', async () => {
  const channel = await serveChannel(folder, () => info)
  expect(await askInstance(folder)).toEqual(info)
  await channel.close()
  expect(await askInstance(folder)).toBeUndefined()
})

it('says of an instance that sleeps that it does not answer, not that none runs', async () => {
  mkdirSync(join(folder, 'local'))
  // The system takes the connection, as it does for a process that is stopped; nothing answers.
  const sleeping = createServer(() => {})
  await once(sleeping.listen(channelPath(folder)), 'listening')
  await expect(askInstance(folder, 50)).rejects.toMatchObject({
    name: 'UserError',
    message: `The rtstream-tui on ${folder} does not answer: it is asleep (ctrl+z) or too busy.`,
  })
  sleeping.close()
})

it('is open to its user only', async () => {
  const channel = await serveChannel(folder, () => info)
  expect(statSync(channelPath(folder)).mode & 0o077).toBe(0)
  expect(statSync(dirname(channelPath(folder))).mode & 0o077).toBe(0)
  await channel.close()
})

it('takes over the socket that a killed instance left behind', async () => {
  mkdirSync(join(folder, 'local'))
  writeFileSync(channelPath(folder), '')
  expect(await askInstance(folder)).toBeUndefined()
  const channel = await serveChannel(folder, () => info)
  expect(await askInstance(folder)).toEqual(info)
  await channel.close()
})

it('works on a folder whose path is too long for a socket', async () => {
  const deep = join(folder, 'x'.repeat(120))
  mkdirSync(deep)
  const channel = await serveChannel(deep, () => info)
  expect(channelPath(deep).length).toBeLessThan(104)
  expect(await askInstance(deep)).toEqual(info)
  await channel.close()
  expect(existsSync(channelPath(deep))).toBe(false)
})
