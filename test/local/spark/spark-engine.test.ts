/** The notebooks in real Spark processes, as the local Databricks and Synapse run them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { LakeFolder } from '../../../src/local/data-lake/store/folder.ts'
import type { NotebookEngine } from '../../../src/local/engine/api/engine.ts'
import { createLocalEngine } from '../../../src/local/hosting/engine-factory.ts'
import { findSpark } from '../../../src/local/spark/find-spark.ts'
import { placeHandMade } from '../../notebooks/bronze-fixture.ts'
import { smallSparkOptions, sparkOrReason } from '../../notebooks/spark.ts'

// Spark's own options are not what is tested here, and take longer.
vi.stubEnv('SPARK_SUBMIT_OPTS', smallSparkOptions())

const root = mkdtempSync(join(tmpdir(), 'rtstream-spark-'))
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))

describe('without Spark', () => {
  const packageRoot = join(root, 'package')

  it('says that Java is missing, and what to do', async () => {
    await expect(findSpark({ packageRoot, env: { JAVA_HOME: '/nowhere' } })).rejects.toMatchObject({
      name: 'SparkMissingError',
      message: '--engine spark needs Java 17 (found: none).',
      hint: expect.stringMatching(/apt-get install openjdk-17.*leave --engine out/),
    })
  })
})

const lacks = sparkOrReason('--engine spark')

describe.skipIf(lacks !== undefined)('the Spark engine', () => {
  let engine: NotebookEngine | undefined
  afterEach(() => engine?.close())
  const open = async (name: string) => {
    const lakeRoot = join(root, name, 'lake')
    const clock = { now: () => 1_800_000_000_000 }
    const local = await createLocalEngine({
      engine: 'spark',
      lakeRoot,
      clock,
      logger: pino({ level: 'silent' }),
      retentionMs: 3_600_000,
      folder: new LakeFolder(lakeRoot, { limitBytes: 1e9, clock }),
    })
    engine = local.engine
    return { ...local, lakeRoot }
  }

  it('says which Python has no PySpark', async () => {
    const env = { ...process.env, RTSTREAM_PYTHON: '/no/python' }
    await expect(findSpark({ packageRoot: root, env })).rejects.toMatchObject({
      message: expect.stringContaining('RTSTREAM_PYTHON (/no/python) has none'),
      hint: expect.stringContaining('pip install -r'),
    })
  })

  it('runs a notebook, tells its progress, stops it, and says why another run fails', async () => {
    const { engine, lakeRoot, readBySilver } = await open('one')
    const lines = await placeHandMade(lakeRoot)
    const placed = readdirSync(join(lakeRoot, 'bronze'), { recursive: true, encoding: 'utf8' })
    const files = placed.filter((path) => path.endsWith('.json'))
    const unread = () => {
      const isRead = readBySilver()
      return files.filter((path) => !isRead(path))
    }
    expect(unread()).toEqual(files)
    const run = engine.run('silver')
    expect(run.state).toBe('starting')
    await vi.waitFor(() => expect(run.progress).toBeDefined(), 200_000)
    expect(run).toMatchObject({ state: 'running', error: undefined })
    // Spark counts lines of white space too, which are no rows.
    expect(run.progress).toMatchObject({ batchId: 0, at: 1_800_000_000_000 })
    expect(run.progress?.inputRows).toBeGreaterThanOrEqual(lines)
    expect(run.progress?.durationMs).toBeGreaterThan(0)
    await vi.waitFor(() => expect(unread()).toEqual([]), 20_000)
    const next = engine.run('silver')
    await run.cancel()
    expect(run.state).toBe('cancelled')

    // A checkpoint that is gone does not fit the table.
    rmSync(join(lakeRoot, 'checkpoints'), { recursive: true })
    await next.ended
    expect(next.state).toBe('failed')
    expect(next.error).toMatch(
      /StateError: The checkpoint .* is missing, but the table silver\/weather holds batch 0/,
    )
  }, 400_000)

  it('stops a run that has hardly begun', async () => {
    const { engine } = await open('two')
    const run = engine.run('gold')
    await run.cancel()
    expect(run.state).toBe('cancelled')
    const another = engine.run('gold')
    await engine.close()
    expect(another.state).toBe('cancelled')
  }, 60_000)
})
