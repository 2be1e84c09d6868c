/** The whole programs of docs/clients.md, run as they stand there against the local services. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { endpointsObject } from '../../src/commands/shared/endpoint-lines.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { classPath, javaOrReason } from '../support/java.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

const root = resolve(import.meta.dirname, '../..')
const guide = readFileSync(join(root, 'docs/clients.md'), 'utf8')
const page = guide.slice(guide.indexOf('## Your own client in five minutes'))
const program = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] as string
const found = ensurePython()
if ('missing' in found) console.warn(`The guide's Python is left out: ${found.missing}`)

let azure: LocalAzure
let folder: string
beforeEach(async () => {
  folder = dataFolder()
  azure = await startLocalAzure(localOptions(folder, { partitions: 4 }))
  writeFileSync(
    join(folder, 'endpoints.json'),
    JSON.stringify(endpointsObject({ pid: 1, endpoints: azure.endpoints })),
  )
})
afterEach(() => azure.close())
afterAll(removeDataFolders)

const run = async (command: string, ...args: string[]) =>
  (await promisify(execFile)(command, args, { cwd: folder, timeout: 200_000 })).stdout.trim().split('\n')

const reading = /^3: \{"temperature": ?21, ?"humidity": ?55, ?"city": ?"Bern", ?"timestamp": ?"[^"]+"\}$/

describe('a client of five minutes', () => {
  it.skipIf('missing' in found)(
    'in Python',
    async () => {
      writeFileSync(join(folder, 'five-minutes.py'), program('python'))
      const python = 'missing' in found ? '' : found.python
      expect(await run(python, 'five-minutes.py')).toEqual([
        expect.stringMatching(reading),
        '1 events',
        'mine/note.txt 5 bytes, from python',
        'hello',
      ])
    },
    90_000,
  )

  it('in JavaScript', async () => {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(root, 'node_modules/@azure'), join(folder, 'node_modules/@azure'), 'junction')
    writeFileSync(join(folder, 'five-minutes.mjs'), program('js'))
    expect(await run(process.execPath, 'five-minutes.mjs')).toEqual([
      expect.stringMatching(reading),
      '1 events',
      'mine/note.txt 5 bytes, from node',
      'hello',
    ])
  }, 90_000)

  it.skipIf(javaOrReason('The guide in Java') !== undefined)(
    'in Java',
    async () => {
      writeFileSync(join(folder, 'FiveMinutes.java'), program('java'))
      const path = classPath(
        'com.azure:azure-messaging-eventhubs:5.20.0',
        'com.azure:azure-storage-file-datalake:12.25.0',
      )
      const said = await run('java', '-Xmx256m', '-cp', path, 'FiveMinutes.java')
      expect(said).toEqual([
        // A map of Java's has no order.
        expect.stringMatching(/^3: \{(?=.*"temperature":21)(?=.*"humidity":55)(?=.*"city":"Bern")/),
        '1 events',
        'mine/note.txt 5 bytes, from java',
        'hello',
      ])
    },
    300_000,
  )

  it('in C# is the program that was compiled and run, to the letter', () => {
    expect(program('csharp')).toBe(readFileSync(join(import.meta.dirname, 'five-minutes.cs'), 'utf8'))
  })
})
