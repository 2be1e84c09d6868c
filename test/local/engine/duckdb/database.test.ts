import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Connection, countRows, Database } from '../../../../src/local/engine/duckdb/database.ts'
import { temporaryFolder } from '../../../support/cli.ts'

const folder = temporaryFolder()
let database: Database
let connection: Connection
beforeAll(async () => {
  database = new Database({ temporaryFolder: folder.path, memoryLimit: '64MB' })
  connection = await database.connect()
})
afterAll(async () => {
  await database.close()
  folder.remove()
})

it('a kept plan follows its table when that is made anew with other columns', async () => {
  const insert = 'INSERT INTO kept SELECT $1, $2'
  const read = 'SELECT * FROM kept'
  await connection.run('CREATE OR REPLACE TEMP TABLE kept (a INTEGER, b VARCHAR)')
  await connection.runPrepared(insert, [1, 'one'])
  expect(await connection.rowsPrepared(read)).toEqual([{ a: 1, b: 'one' }])
  await connection.run('CREATE OR REPLACE TEMP TABLE kept (a BIGINT, c VARCHAR)')
  await connection.runPrepared(insert, [2, 'two'])
  expect(await connection.rowsPrepared(read)).toEqual([{ a: 2, c: 'two' }])
  await connection.run('DROP TABLE kept')
  await expect(connection.rowsPrepared(read)).rejects.toThrow('kept')
})

it('a plan is kept for the runs that follow, also after tables have changed', async () => {
  // A variable becomes a constant of the plan, so the rows tell when the plan was made.
  const read = "SELECT getvariable('time') AS planned FROM clocked"
  const planned = async () =>
    (await connection.rowsPrepared<{ planned: number }>(read)).map((row) => row.planned)
  const setTime = (time: number) => connection.run(`SET VARIABLE time = ${time}`)
  await connection.run('CREATE OR REPLACE TEMP TABLE clocked AS SELECT 1 AS row')
  await setTime(1)
  expect(await planned()).toEqual([1])
  await setTime(2)
  expect(await planned()).toEqual([1])
  await connection.run('CREATE TEMP TABLE another (row BIGINT)')
  expect(await planned()).toEqual([2])
  await setTime(3)
  expect(await planned()).toEqual([2])
})

it('a kept plan holds nothing of what its tables held when it was made', async () => {
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE arrived AS SELECT range AS id, NULL::VARCHAR AS fault FROM range(100, 200);
    CREATE OR REPLACE TEMP TABLE known AS SELECT range AS id FROM range(150, 250)`)
  const reads = [
    'SELECT count(*) AS n FROM arrived JOIN known ON arrived.id = known.id',
    'SELECT count(*) AS n FROM arrived WHERE fault IS NULL',
    'SELECT count(*) FILTER (fault IS NULL) AS n FROM arrived',
    'SELECT count(DISTINCT id) AS n FROM arrived WHERE id < 1000',
    'SELECT count(*) AS n FROM arrived',
  ]
  const kept = async () => (await Promise.all(reads.map((read) => connection.rowsPrepared(read)))).flat()
  expect(await kept()).toEqual([50, 100, 100, 100, 100].map((n) => ({ n })))
  // Outside of the ids there were, and with faults where there were none.
  await connection.run(`
    INSERT INTO arrived VALUES (1, 'cold'), (9000, 'hot'), (8000, NULL);
    INSERT INTO known VALUES (1), (9000)`)
  expect(await kept()).toEqual([52, 101, 101, 101, 103].map((n) => ({ n })))
})

it('a kept plan takes each run its own parameters and says how many rows it wrote', async () => {
  await connection.run('CREATE OR REPLACE TEMP TABLE counted (text VARCHAR)')
  const insert = "INSERT INTO counted SELECT unnest(string_split(decode($1), ','))"
  const write = (text: string) => connection.rowsPrepared(insert, [new TextEncoder().encode(text)])
  expect(await write('a,b')).toEqual([{ Count: 2 }])
  expect(await write('c,d,e')).toEqual([{ Count: 3 }])
  await connection.runPrepared('TRUNCATE counted')
  expect(await countRows(connection, 'SELECT * FROM counted')).toBe(0)
})

it('memory is given back though the query that was there first leaves', async () => {
  const own = new Database({ temporaryFolder: folder.path, memoryLimit: '64MB' })
  const leaving = await own.connect()
  const staying = await own.connect()
  const busy = staying.rows('SELECT count(*) AS n FROM range(3000000) AS t(i) WHERE i % 7 = 3')
  const given = own.returnMemory()
  own.disconnect(leaving)
  expect(await busy).toEqual([{ n: 428_571 }])
  await given
  await own.close()
})

it('closes when nobody asks anything, and opens again for the next statement, without tables of before', async () => {
  const own = new Database({ temporaryFolder: folder.path, memoryLimit: '64MB' })
  const [one, other] = [own.connect(), own.connect()]
  expect([one.isOpen, one.life]).toEqual([false, 0])
  await one.run('CREATE TEMP TABLE kept AS SELECT 1 AS x')
  expect([one.isOpen, one.life, other.isOpen]).toEqual([true, 1, false])
  // There was a statement since the last look, which was none.
  await own.closeIfIdle()
  expect(await one.rows('SELECT x FROM kept')).toEqual([{ x: 1 }])
  await own.closeIfIdle()
  expect(one.isOpen).toBe(true)
  expect(await own.closeIfIdle()).toBe(true)
  expect(one.isOpen).toBe(false)
  expect(await own.closeIfIdle()).toBe(false)
  expect(await other.rows('SELECT 2 AS x')).toEqual([{ x: 2 }])
  await expect(one.rows('SELECT x FROM kept')).rejects.toThrow(/kept/)
  expect(one.life).toBe(2)
  await own.close()
  await expect(one.run('SELECT 1')).rejects.toThrow('closed')
})

it('stays open for who has waited for a long statement, between two looks', async () => {
  const own = new Database({ temporaryFolder: folder.path, memoryLimit: '64MB' })
  const one = own.connect()
  const long = one.run(
    'CREATE TEMP TABLE kept AS SELECT count(*) AS n FROM range(3000000) AS t(i) WHERE i % 7 = 3',
  )
  await own.closeIfIdle()
  await own.closeIfIdle()
  await long
  expect(await one.rows('SELECT n FROM kept')).toEqual([{ n: 428_571 }])
  await own.close()
})

it('stays open for a batch that waits for something else between two statements', async () => {
  const own = new Database({ temporaryFolder: folder.path, memoryLimit: '64MB' })
  const one = own.connect()
  await one.inBatch(async () => {
    await one.run('CREATE TEMP TABLE kept AS SELECT 1 AS x')
    for (let look = 0; look < 3; look++) await own.closeIfIdle()
    expect(await one.rows('SELECT x FROM kept')).toEqual([{ x: 1 }])
  })
  await own.closeIfIdle()
  await own.closeIfIdle()
  expect(one.isOpen).toBe(false)
  await own.close()
})

it('forgets its buffers alone and with nothing lost: the limit is as before, and whoever waits has memory', async () => {
  const own = new Database({ temporaryFolder: folder.path, memoryLimit: '64MB' })
  try {
    const [one, two] = [await own.connect(), await own.connect()]
    await one.run(
      'CREATE TEMP TABLE kept AS SELECT range AS id, md5(range::VARCHAR) AS text FROM range(200000)',
    )
    const limit = () => one.rows("SELECT current_setting('memory_limit') AS is")
    const before = await limit()
    const sums = 'SELECT count(*) AS rows, count(DISTINCT text) AS texts FROM kept WHERE id < 50000'
    // Each of these would fail under the limit of meanwhile.
    const [forgot, kept, other] = await Promise.all([
      own.forgetBuffers(),
      one.rows(sums),
      two.rows('SELECT count(DISTINCT md5(range::VARCHAR)) AS texts FROM range(50000)'),
    ])
    expect(forgot).toBe(true)
    expect(kept).toEqual([{ rows: 50_000, texts: 50_000 }])
    expect(other).toEqual([{ texts: 50_000 }])
    expect(await limit()).toEqual(before)
    // Statements that run side by side would fail: it leaves them alone.
    own.parallel = 2
    expect(await own.forgetBuffers()).toBe(false)
    own.parallel = 1
    // A backlog that begins meanwhile waits until it is over.
    const forgetting = own.forgetBuffers()
    own.parallel = 2
    const both = Promise.all([one.rows(sums), two.rows('SELECT 1 AS one')])
    expect(await forgetting).toBe(true)
    expect(await both).toEqual([[{ rows: 50_000, texts: 50_000 }], [{ one: 1 }]])
  } finally {
    await own.close()
  }
})
