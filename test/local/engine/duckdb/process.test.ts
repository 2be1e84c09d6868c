/** DuckDB's process: it ends with its parent, however that ends, and by nothing else; and when it ends itself that is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Database } from '../../../../src/local/engine/duckdb/database.ts'
import { DuckDbProcess } from '../../../../src/local/engine/duckdb/process.ts'
import { temporaryFolder } from '../../../support/cli.ts'

const children = vi.hoisted((): ChildProcess[] => [])
vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>()
  const fork = (...given: Parameters<typeof real.fork>) => {
    const child = real.fork(...given)
    children.push(child)
    return child
  }
  return { ...real, fork }
})

let folder: ReturnType<typeof temporaryFolder>
let parent: ChildProcess | undefined
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => {
  parent?.kill('SIGKILL')
  parent = undefined
  folder.remove()
})

const settings = () => ({ temporaryFolder: join(folder.path, 'tmp'), memoryLimit: '64MB' })
const statement = (sql: string) =>
  ({ kind: 'statement', connection: 0, sql, isKept: false, isRead: true }) as const

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const isGone = (pid: number) => vi.waitFor(() => expect(isThere(pid)).toBe(false), 20_000)

it('is killed while a statement runs: that fails in words, and the next one starts another', async () => {
  const database = new Database(settings())
  const connection = database.connect()
  await connection.run('CREATE TEMP TABLE kept AS SELECT 1 AS x')
  const running = connection.rows('SELECT count(*) FROM range(100000000000) AS t(i) WHERE i % 7 = 3')
  const refused = expect(running).rejects.toThrow("DuckDB's process ended (SIGKILL); start the stage again.")
  process.kill((await database.processId) as number, 'SIGKILL')
  await refused
  expect(connection.isOpen).toBe(false)
  await expect(connection.rows('SELECT x FROM kept')).rejects.toThrow('kept')
  expect(connection.life).toBe(2)
  await database.close()
})

it('is told to be gone once, whatever is told after it: errors of its channel, and an end before the channel is closed', async () => {
  let lost = 0
  const duckDb = await DuckDbProcess.start(settings(), () => lost++)
  const child = children.at(-1) as ChildProcess
  const running = duckDb.ask(statement('SELECT count(*) FROM range(100000000000) AS t(i) WHERE i % 7 = 3'))
  const refused = expect(running).rejects.toThrow("DuckDB's process ended (SIGKILL)")
  // As it comes where the process is reaped before its channel says that it is closed.
  child.emit('exit', null, 'SIGKILL')
  await refused
  expect(child.connected).toBe(true)
  await expect(duckDb.ask(statement('SELECT 1'))).rejects.toThrow("DuckDB's process has ended.")
  for (const code of ['EPIPE', 'ERR_IPC_CHANNEL_CLOSED']) child.emit('error', new Error(code))
  const ended = new Promise((resolve) => child.once('close', resolve))
  process.kill(duckDb.pid, 'SIGKILL')
  await ended
  expect(lost).toBe(1)
})

it('goes on when a terminal interrupts all that is in front of it, and ends when it is closed', async () => {
  const duckDb = await DuckDbProcess.start(settings(), () => {})
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(duckDb.pid, signal)
  expect(await duckDb.ask(statement('SELECT 7 AS x'))).toEqual([{ x: 7 }])
  await duckDb.close()
  expect(isThere(duckDb.pid)).toBe(false)
  await expect(duckDb.ask(statement('SELECT 1'))).rejects.toThrow("DuckDB's process has ended.")
})

it('breaks off what it does when it is closed', async () => {
  const duckDb = await DuckDbProcess.start(settings(), () => {})
  const running = duckDb.ask(statement('SELECT count(*) FROM range(100000000000) AS t(i) WHERE i % 7 = 3'))
  const refused = expect(running).rejects.toThrow("DuckDB's process ended")
  await duckDb.close()
  await refused
  expect(isThere(duckDb.pid)).toBe(false)
})

it('tells why it could not be opened', async () => {
  const database = new Database({ ...settings(), memoryLimit: 'much' })
  await expect(database.connect().run('SELECT 1')).rejects.toThrow('DuckDB could not be opened: ')
  await database.close()
})

const module = (name: string) =>
  JSON.stringify(fileURLToPath(new URL(`../../../../src/local/engine/duckdb/${name}.ts`, import.meta.url)))

/** A program that has DuckDB do something, and prints the number of its process. */
function program(then: string): Promise<number> {
  const code = `
    const { DuckDbProcess } = await import(${module('process')})
    const duckDb = await DuckDbProcess.start(${JSON.stringify(settings())}, () => {})
    const sql = "COPY (SELECT range AS x FROM range(100000000000)) TO '${join(folder.path, 'rows.csv')}'"
    const statement = { kind: 'statement', connection: 0, sql, isKept: false, isRead: false }
    console.log(duckDb.pid)
    ${then}`
  const file = join(folder.path, 'program.mjs')
  writeFileSync(file, code)
  parent = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { promise, resolve } = Promise.withResolvers<number>()
  parent.stdout?.once('data', (text) => resolve(Number(text)))
  return promise
}

it('is gone when its parent was killed, also in the middle of writing a file', async () => {
  const pid = await program('await duckDb.ask(statement)')
  await vi.waitFor(() => expect(readdirSync(folder.path).join()).toContain('rows.csv'), 20_000)
  parent?.kill('SIGKILL')
  await isGone(pid)
})

it('keeps no program alive that asks it nothing, and ends with it', async () => {
  const pid = await program('')
  const ended = new Promise((resolve) => parent?.once('exit', resolve))
  expect(await ended).toBe(0)
  await isGone(pid)
})
