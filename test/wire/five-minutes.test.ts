/** The whole programs of docs/clients.md, run as they stand there against the local services. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensurePython } from '../../scripts/python-env.ts'
import { endpointsObject } from '../../src/commands/shared/endpoint-lines.ts'
import { type LocalAzure, startLocalAzure } from '../../src/local/hosting/host.ts'
import { duckdbHome, duckdbOrReason } from '../support/duckdb.ts'
import { goOrReason } from '../support/go.ts'
import { guideProgram } from '../support/guide.ts'
import { classPath, javaOrReason } from '../support/java.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'

const root = resolve(import.meta.dirname, '../..')
const found = ensurePython()
const duckdb = duckdbOrReason('The guide in DuckDB')
if ('missing' in found) console.warn(`The guide's Python is left out: ${found.missing}`)

const GO_MODULES = [
  'github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2@v2.0.2',
  'github.com/Azure/azure-sdk-for-go/sdk/storage/azblob@v1.6.3',
]

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

const run = (command: string, ...args: string[]) => runWith({}, command, ...args)

async function runWith(env: Record<string, string>, command: string, ...args: string[]): Promise<string[]> {
  const options = { cwd: folder, timeout: 500_000, env: { ...process.env, ...env } }
  return (await promisify(execFile)(command, args, options)).stdout.trim().split('\n')
}

const reading = /^3: \{"temperature": ?21, ?"humidity": ?55, ?"city": ?"Bern", ?"timestamp": ?"[^"]+"\}$/

describe('a client of five minutes', () => {
  it.skipIf('missing' in found)(
    'in Python',
    async () => {
      writeFileSync(join(folder, 'five-minutes.py'), guideProgram('Python'))
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
    writeFileSync(join(folder, 'five-minutes.mjs'), guideProgram('JavaScript'))
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
      writeFileSync(join(folder, 'FiveMinutes.java'), guideProgram('Java'))
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

  it.skipIf(goOrReason('The guide in Go') !== undefined)(
    'in Go',
    async () => {
      writeFileSync(join(folder, 'main.go'), guideProgram('Go'))
      await run('go', 'mod', 'init', 'five')
      await run('go', 'get', ...GO_MODULES)
      await run('go', 'mod', 'tidy')
      const said = await run('go', 'run', '.')
      expect(said).toEqual([
        expect.stringMatching(/^3: \{(?=.*"temperature":21)(?=.*"humidity":55)(?=.*"city":"Bern")/),
        '1 events',
        'mine/note.txt 5 bytes, from go',
      ])
    },
    600_000,
  )

  it.skipIf('missing' in duckdb)(
    'in DuckDB',
    async () => {
      writeFileSync(join(folder, 'duck.py'), guideProgram('DuckDB'))
      if ('missing' in duckdb) throw new Error(duckdb.missing)
      const said = await runWith({ HOME: duckdbHome(duckdb.python, folder) }, duckdb.python, 'duck.py')
      expect(said).toEqual(["[('az://checkpoints/mine/reading.parquet',)]", "[('Bern', 21)]"])
    },
    300_000,
  )

  it('in C# is the program that was compiled and run, to the letter', () => {
    expect(guideProgram('C#')).toBe(readFileSync(join(import.meta.dirname, 'five-minutes.cs'), 'utf8'))
  })
})
