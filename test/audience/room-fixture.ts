/** The room on loopback, with a pipeline that hears of everything and answers when the test says so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FromRoom, PhoneName, PhoneReading, RoomInput, RoomRules } from '../../src/audience/messages.ts'
import { type OpenRoom, openRoom, type RoomTimes } from '../../src/audience/server.ts'

export interface RoomFixture {
  opened: OpenRoom
  /** What came from phones, in order. */
  readings: PhoneReading[]
  /** As the screen would have them. */
  phones: () => readonly PhoneName[]
  folder: string
  request(path: string, init?: RequestInit & { secret?: string; json?: unknown }): Promise<Response>
  join(city?: string, name?: string): Promise<{ secret: string; deviceId: string; name: string }>
  close(): Promise<void>
}

export const RULES: RoomRules = {
  isMischiefAllowed: true,
  readingsPerSecond: 5,
  isPaused: false,
  hasOwnNames: false,
}

const PAGE = { 'index.html': '<!doctype html><title>x</title>', 'app.js': '0', 'style.css': '' }

export async function startRoom(
  options: Partial<RoomInput> & { folder?: string; times?: Partial<RoomTimes> } = {},
): Promise<RoomFixture> {
  const { folder = mkdtempSync(join(tmpdir(), 'rtstream-room-')), times, ...input } = options
  for (const [name, text] of Object.entries(PAGE)) writeFileSync(join(folder, name), text)
  const readings: PhoneReading[] = []
  let phones: readonly PhoneName[] = []
  const opened = await openRoom(
    {
      host: '127.0.0.1',
      port: 0,
      stateFile: join(folder, 'audience.json'),
      pageFolder: folder,
      tls: undefined,
      rules: RULES,
      ...input,
    },
    (message: FromRoom) => {
      if (message.type === 'readings') readings.push(...message.readings)
      if (message.type === 'phones') phones = message.phones
    },
    times,
  )
  const request: RoomFixture['request'] = (path, { secret, json, ...init } = {}) =>
    fetch(path.startsWith('http') ? path : opened.url + path, {
      redirect: 'manual',
      ...init,
      ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(secret === undefined ? {} : { 'x-phone': secret }),
        ...init.headers,
      },
    })
  return {
    opened,
    readings,
    phones: () => phones,
    folder,
    request,
    join: async (city = 'Bern', name) => (await request('join', { json: { city, name } })).json() as never,
    close: async () => {
      await opened.close()
      // Also one that another fixture has handed on.
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

let ids = 0
export const made = (changes: object = {}) => ({
  id: `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
  city: 'Bern',
  temperature: 21,
  humidity: 40,
  ...changes,
})
