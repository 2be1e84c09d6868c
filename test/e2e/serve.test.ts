/** `rtstream-tui serve`: the local services alone, as a program's tests would start them. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { EventHubProducerClient } from '@azure/event-hubs'
import { afterAll, describe, expect, it } from 'vitest'
import { cli, type RunningCli, startCli, temporaryFolder } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'

const folder = temporaryFolder()
const running: RunningCli[] = []
afterAll(async () => {
  for (const { child, exit } of running) {
    child.kill('SIGKILL')
    await exit
  }
  folder.remove()
})
const at = (name: string) => join(folder.path, name)

type Endpoints = Record<string, string> & { pid: number }

async function serve(name: string, ...args: string[]) {
  const one = startCli(['serve', '--json', '--data-dir', at(name), ...args])
  running.push(one)
  const endpoints = JSON.parse(await one.line(() => true)) as Endpoints
  return { one, endpoints }
}
const connected = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, 'localhost', () => resolve(socket))
    socket.once('error', reject)
  })
async function send(endpoints: Endpoints, body: unknown): Promise<void> {
  const producer = new EventHubProducerClient(endpoints.eventHubsConnectionString as string)
  try {
    await producer.sendBatch([{ body }], { partitionId: '0' })
  } finally {
    await producer.close()
  }
}
/** States of the stages, as `rtstream-tui status` sees them. */
async function states(name: string): Promise<Record<string, string>> {
  const { lines } = await cli(['status', '--json', '--data-dir', at(name)])
  const { stages } = JSON.parse(lines.join('\n')) as { stages: Record<string, { state: string }> }
  return Object.fromEntries(Object.entries(stages).map(([id, { state }]) => [id, state]))
}
const STOPPED = { streamAnalytics: 'stopped', silver: 'stopped', gold: 'stopped', aggregate: 'stopped' }

describe('serve', () => {
  it('is ready when it says so, keeps what it is given, and ends with 0 when it is told to', async () => {
    const first = await serve('kept')
    expect(first.endpoints.pid).toBe(first.one.child.pid)
    await send(first.endpoints, 'before')
    expect(await states('kept')).toEqual(STOPPED)
    first.one.child.kill('SIGTERM')
    expect(await first.one.exit).toBe(0)
    expect(first.one.lines).toHaveLength(1)
    expect(first.one.stderr()).toBe('')
    const second = await serve('kept')
    // New keys at every start.
    expect(second.endpoints.token).not.toBe(first.endpoints.token)
    const producer = new EventHubProducerClient(second.endpoints.eventHubsConnectionString as string)
    expect((await producer.getPartitionProperties('0')).lastEnqueuedSequenceNumber).toBe(0)
    await producer.close()
    second.one.child.kill('SIGINT')
    expect(await second.one.exit).toBe(0)
  }, 90_000)

  it('answers at every address that it names, as soon as it names them', async () => {
    const { one, endpoints } = await serve('all')
    const { host: lake, pathname } = new URL(endpoints.lake as string)
    const ports = [
      new URL(`http://${lake}`).port,
      new URL(endpoints.lakeTls as string).port,
      new URL(endpoints.management as string).port,
      /sb:\/\/localhost:(\d+)/.exec(endpoints.eventHubsConnectionString as string)?.[1],
      /sb:\/\/localhost:(\d+)/.exec(endpoints.eventHubsTls as string)?.[1],
      endpoints.kafka?.split(':')[1],
      endpoints.kafkaTls?.split(':')[1],
    ]
    // A refused connection would be an error: no try again.
    for (const port of ports) (await connected(Number(port))).destroy()
    expect(new Set(ports).size).toBe(7)
    expect((await fetch(`http://${lake}${pathname}?comp=list`)).status).toBe(401)
    const { lines } = await cli(['endpoints', '--json', '--data-dir', at('all')])
    expect(JSON.parse(lines.join('\n'))).toEqual(endpoints)
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
  }, 90_000)

  it('asked for its help, or with a wrong option, ends at once', async () => {
    const help = await cli(['serve', '--help'])
    expect(help.code).toBe(0)
    expect(help.lines.join('\n')).toContain('--start <stages>')
    expect((await cli(['serve', '--nonsense'])).code).toBe(2)
  }, 60_000)

  it('with fixed keys and ports is the same at every start, on every folder', async () => {
    const [hub, lake] = [await freePort(), await freePort()]
    const args = ['--keys', 'fixed', '--hub-port', String(hub), '--lake-port', String(lake)]
    const stable = ({ endpoints }: { endpoints: Endpoints }) => [
      endpoints.eventHubsConnectionString,
      endpoints.lakeConnectionString,
      endpoints.token,
    ]
    const first = await serve('fixed', ...args)
    expect(first.endpoints.eventHubsConnectionString).toContain(`sb://localhost:${hub};`)
    await send(first.endpoints, 1)
    first.one.child.kill('SIGTERM')
    expect(await first.one.exit).toBe(0)
    const second = await serve('another', ...args)
    expect(stable(second)).toEqual(stable(first))
    // The certificate's key is nobody else's.
    expect(second.endpoints.certificate).not.toBe(first.endpoints.certificate)
    const guide = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8')
    expect(guide).toContain(/SharedAccessKey=[^;]+/.exec(String(stable(first)[0]))?.[0])
    expect(guide).toContain(/AccountKey=[^;]+/.exec(String(stable(first)[1]))?.[0])
    second.one.child.kill('SIGTERM')
    expect(await second.one.exit).toBe(0)
  }, 90_000)

  it('with kept keys is the same at every start on its folder, certificate and all; two at a time do not meet', async () => {
    const first = await serve('mine', '--keys', 'kept')
    const other = await serve('yours', '--keys', 'kept')
    const keys = ({ endpoints }: { endpoints: Endpoints }) => {
      const { token, accountKey, certificate } = endpoints
      return {
        token,
        accountKey,
        certificate,
        hub: /SharedAccessKey=[^;]+/.exec(String(endpoints.eventHubsConnectionString))?.[0],
      }
    }
    await send(first.endpoints, 'mine')
    await send(other.endpoints, 'yours')
    for (const [name, value] of Object.entries(keys(first)))
      expect(Object.entries(keys(other))).not.toContainEqual([name, value])
    const file = join(at('mine'), 'local', 'keys.json')
    expect(existsSync(file)).toBe(true)
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0)
    for (const { one } of [first, other]) one.child.kill('SIGTERM')
    expect(await Promise.all([first.one.exit, other.one.exit])).toEqual([0, 0])
    const again = await serve('mine', '--keys', 'kept')
    expect(keys(again)).toEqual(keys(first))
    again.one.child.kill('SIGTERM')
    expect(await again.one.exit).toBe(0)
  }, 90_000)

  it('on a folder in use is refused, and told by whom', async () => {
    const { one, endpoints } = await serve('used')
    for (const args of [['serve'], ['run', '--duration', '1s']]) {
      const { code, stderr, lines } = await cli([...args, '--data-dir', at('used')])
      expect(code).toBe(1)
      expect(stderr).toContain(
        `Another rtstream-tui serve already runs on ${at('used')} (process ${endpoints.pid},`,
      )
      expect(lines).toEqual([])
    }
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
  }, 90_000)

  it('answers SQL at length, and says nothing to a reader who had enough', async () => {
    const { one } = await serve('asked')
    const sql = ['sql', 'SELECT * FROM range(300000)', '--csv', '--max-rows', '300000']
    const whole = await cli([...sql, '--data-dir', at('asked')])
    expect(whole).toMatchObject({ code: 0, stderr: '' })
    expect([whole.lines.length, whole.lines.at(-1)]).toEqual([300_001, '299999'])
    const asking = startCli([...sql, '--data-dir', at('asked')])
    running.push(asking)
    await asking.line((line) => line === '0')
    asking.child.stdout?.destroy()
    expect(await asking.exit).toBe(0)
    expect(asking.stderr()).toBe('')
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
  }, 90_000)

  it('starts the stages that are named, and no other', async () => {
    const { one } = await serve('stages', '--start', 'stream-analytics,gold')
    expect(await states('stages')).toEqual({ ...STOPPED, streamAnalytics: 'running', gold: 'running' })
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
    const wrong = await cli(['serve', '--start', 'silver,generator', '--data-dir', at('stages')])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('generator is not a stage of the local services')
  }, 90_000)
})
