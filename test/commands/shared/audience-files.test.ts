/** The room's files: what was acknowledged, and the certificate. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { NetworkInterfaceInfo } from 'node:os'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { machineAddresses } from '../../../src/commands/shared/audience/addresses.ts'
import { audienceJournal } from '../../../src/commands/shared/audience/journal.ts'
import { certificateOf } from '../../../src/commands/shared/audience-certificate.ts'

const folder = mkdtempSync(join(tmpdir(), 'rtstream-audience-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string) => join(folder, name)

describe('the file of what was acknowledged', () => {
  it('begins with the first, grows by lines, and is read again', () => {
    const path = file('state/events.txt')
    const journal = audienceJournal(path)
    expect(journal.load()).toBeUndefined()
    journal.append(['a', 'b'])
    journal.append(['c'])
    expect(audienceJournal(path).load()).toEqual({ acknowledged: 3, ids: ['a', 'b', 'c'] })
    journal.replace(10, ['c'])
    journal.append(['d'])
    expect(audienceJournal(path).load()).toEqual({ acknowledged: 11, ids: ['c', 'd'] })
  })

  it('leaves out half a line that a kill has left, and goes on behind it', () => {
    const path = file('half.txt')
    audienceJournal(path).append(['a'])
    appendFileSync(path, 'half of an i')
    const journal = audienceJournal(path)
    expect(journal.load()).toEqual({ acknowledged: 1, ids: ['a'] })
    journal.append(['b'])
    expect(audienceJournal(path).load()).toEqual({ acknowledged: 2, ids: ['a', 'b'] })
  })

  it('that is something else is moved away', () => {
    const path = file('else.txt')
    writeFileSync(path, 'else\n')
    expect(() => audienceJournal(path).load()).toThrow(/else\.txt is damaged and was moved to .*\.damaged/)
    expect([existsSync(path), readFileSync(`${path}.damaged`, 'utf8')]).toEqual([false, 'else\n'])
  })
})

describe('the certificate of the room', () => {
  const names = { audienceCert: file('cert.pem'), audienceKey: file('key.pem'), audienceHost: '127.0.0.1' }
  beforeAll(async () => {
    const pem = await generate([{ name: 'commonName', value: 'room' }], {
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 7, ip: '127.0.0.1' },
            { type: 2, value: 'talk.example.org' },
          ],
        },
      ],
    } as Parameters<typeof generate>[1])
    writeFileSync(names.audienceCert, pem.cert)
    writeFileSync(names.audienceKey, pem.private)
    const other = await generate([{ name: 'commonName', value: 'other' }])
    writeFileSync(file('other.pem'), other.private)
  })

  it('is none without being named, and is checked before a phone sees it', () => {
    expect(
      certificateOf({ audienceCert: undefined, audienceKey: undefined, audienceHost: undefined }),
    ).toBeUndefined()
    expect(certificateOf(names)?.cert).toMatch(/BEGIN CERTIFICATE/)
    expect(certificateOf({ ...names, audienceHost: 'talk.example.org' })).toBeDefined()
    expect(certificateOf({ ...names, audienceHost: undefined })).toBeDefined()
  })

  it.each([
    ['without its key', { audienceKey: undefined }, /only one of them/],
    ['that is not there', { audienceCert: file('none.pem') }, /certificate .* cannot be read: ENOENT/],
    ['with a key of another', { audienceKey: file('other.pem') }, /not a certificate and its key/],
    [
      'for another address',
      { audienceHost: '10.0.0.1' },
      /not for 10\.0\.0\.1, but for .*talk\.example\.org/,
    ],
    ['for another name', { audienceHost: 'example.org' }, /not for example\.org/],
  ])('%s is told', (_, changes, message) => {
    expect(() => certificateOf({ ...names, ...changes })).toThrow(message)
  })

  it('that has expired is told', () => {
    expect(() => certificateOf(names, Date.parse('2100-01-01'))).toThrow(/has expired/)
  })
})

it('addresses of this machine: those that phones reach first, the machine itself last', () => {
  const one = (address: string, internal = false) => ({ address, internal }) as NetworkInterfaceInfo
  expect(
    machineAddresses({
      lo: [one('127.0.0.1', true), one('::1', true)],
      wlan0: [one('fe80::1'), one('2001:db8::7'), one('192.168.1.20')],
      eth0: [one('169.254.3.4'), one('10.0.0.5')],
    }),
  ).toEqual([
    { name: 'wlan0', address: '192.168.1.20' },
    { name: 'eth0', address: '10.0.0.5' },
    { name: 'wlan0', address: '2001:db8::7' },
    { name: 'lo, this machine alone', address: '127.0.0.1' },
  ])
})
