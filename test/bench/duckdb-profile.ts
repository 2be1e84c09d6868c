/**
 * DuckDB's own profile of all that the embedded engine asks it, summed up by statement and by operator. Preloaded into the program by
 * `npm run bench -- --profile=FOLDER` (`node --import`), where it waits for DuckDB in each thread; it changes nothing else.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isMainThread, threadId } from 'node:worker_threads'
import { type DuckDbProfile, profileText, StatementSums } from './duckdb-profile-sums.ts'

/** Names the folder, for this process and its threads. */
export const PROFILE_FOLDER = 'RTSTREAM_BENCH_PROFILE'
/** What was summed up is written down so often, as a thread may be ended at any time. */
const WRITE_EVERY_MS = 2000

interface Connection {
  run(sql: string, ...rest: unknown[]): Promise<unknown>
}
interface Statement {
  run(): Promise<unknown>
}
/** As far as it is needed here; each checkout has its own. */
interface Library {
  DuckDBInstance: { prototype: { connect(): Promise<Connection> } }
  DuckDBConnection: { prototype: Connection & { prepare(sql: string): Promise<Statement> } }
}

/** Profiles the connections that the library makes from now on. @param library of the checkout that is measured. */
export function profileDuckDb({ DuckDBInstance, DuckDBConnection }: Library, folder: string): void {
  const sums = new StatementSums()
  const place = join(folder, `duckdb-${process.pid}-${threadId}`)
  const write = () => {
    if (sums.isEmpty) return
    writeFileSync(`${place}.txt`, profileText(sums))
  }
  process.on('exit', write)
  setInterval(write, WRITE_EVERY_MS).unref()
  let connections = 0
  const outputs = new WeakMap<object, string>()
  const { connect } = DuckDBInstance.prototype
  const { run, prepare } = DuckDBConnection.prototype

  /**
   * A connection writes the profile of its newest statement over the one before. How long a statement took is told by our clock: DuckDB's
   * own `latency` also counts the time since a statement without a plan (findings/duckdb-latency-counts-the-pause.sh).
   */
  const timed = async (connection: object, work: () => Promise<unknown>) => {
    const begun = performance.now()
    const result = await work()
    const seconds = (performance.now() - begun) / 1000
    const output = outputs.get(connection)
    if (output === undefined || !existsSync(output)) return result
    const text = readFileSync(output, 'utf8')
    rmSync(output)
    if (text !== '') sums.add(JSON.parse(text) as DuckDbProfile, seconds)
    return result
  }
  DuckDBInstance.prototype.connect = async function () {
    const connection = await connect.call(this)
    const output = `${place}-${connections++}.json`
    await run.call(connection, `PRAGMA enable_profiling = 'json'; SET profiling_output = '${output}'`)
    rmSync(output, { force: true })
    outputs.set(connection, output)
    return connection
  }
  DuckDBConnection.prototype.run = function (sql, ...rest) {
    return timed(this, () => run.call(this, sql, ...rest))
  }
  DuckDBConnection.prototype.prepare = async function (sql) {
    const statement = await prepare.call(this, sql)
    const runPrepared = statement.run
    statement.run = () => timed(this, () => runPrepared.call(statement))
    return statement
  }
}

const folder = process.env[PROFILE_FOLDER]
const file = process.argv[1]
// The engine's thread, and the copy of DuckDB that belongs to its code. A script of ours calls for its own.
if (folder !== undefined && file !== undefined && !isMainThread) {
  profileDuckDb(createRequire(file)('@duckdb/node-api') as Library, folder)
}
