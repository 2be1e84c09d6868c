import { describe, expect, it } from 'vitest'
import { runConfig } from '../../src/commands/config.ts'
import { loadConfig } from '../../src/config/load.ts'

const SECRET = 'Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=TOPSECRET'
const loaded = loadConfig({
  flags: { stations: '7' },
  env: { RTSTREAM_LAKE_LIMIT: '2GB', RTSTREAM_EVENT_HUBS_CONNECTION_STRING: SECRET },
  cwd: '/nowhere',
  home: '/home/ada',
  platform: 'linux',
})

function printed(json: boolean): string {
  const parts: string[] = []
  expect(runConfig(loaded, { json, write: (text) => parts.push(text) })).toBe(0)
  return parts.join('')
}

describe('config', () => {
  it('prints each effective value with its source, as a person would write it', () => {
    const lines = printed(false)
      .split('\n')
      .map((line) => line.replace(/ {2,}/g, ' | '))
    expect(lines).toContain('stations | 7 | flag --stations')
    expect(lines).toContain('interval | 10s | default')
    expect(lines).toContain('lakeLimit | 2GB | environment variable RTSTREAM_LAKE_LIMIT')
    expect(lines).toContain('azure.eventHub | weather | default')
    expect(lines.some((line) => line.startsWith('azure.subscriptionId'))).toBe(false)
  })

  it('prints one JSON object on demand', () => {
    expect(JSON.parse(printed(true)).stations).toEqual({ value: 7, source: 'flag --stations' })
  })

  it.each([true, false])('masks secrets (json: %s)', (json) => {
    expect(printed(json)).not.toContain('TOPSECRET')
    expect(printed(json)).toContain('set (hidden)')
  })
})
