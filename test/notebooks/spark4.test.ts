/** The notebooks on Spark 4 and on Spark Connect, and the tables that Delta 4 writes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { exportNotebooks } from '../../src/commands/notebooks.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'
import { expectAdapters, expectEmbedded, truthIn } from './delta-matrix.ts'
import { duckDbReadsSparks, embeddedEdges } from './edge-values.ts'
import { killPythons, runPythonProgram } from './python-process.ts'
import { sparkOrReason } from './spark.ts'

const notebooks = join(import.meta.dirname, '../../notebooks')
const folder = mkdtempSync(join(tmpdir(), 'rtstream-spark4-'))
afterAll(() => rmSync(folder, { recursive: true }))

const lacks = sparkOrReason('the notebook suite on Spark 4', 'spark4')

describe.skipIf(lacks !== undefined)('on Spark 4', () => {
  let running: LakeServer
  beforeAll(async () => {
    running = await startLake()
    exportNotebooks(join(folder, 'exported'), notebooks)
    await embeddedEdges(join(folder, 'edges'))
  })
  afterAll(() => running?.close())
  afterEach(killPythons)

  it('the notebooks pass their tests in Python, in ANSI mode', { timeout: 1_500_000 }, async () => {
    const { status, stdout, stderr } = await runPythonProgram(
      ['-m', 'pytest', '-q', '--durations=5', '-p', 'no:cacheprovider', import.meta.dirname],
      {
        RTSTREAM_KILLS: 'few',
        RTSTREAM_EXPORTED: join(folder, 'exported'),
        RTSTREAM_MATRIX: join(running.root, 'silver'),
        RTSTREAM_EDGES: join(folder, 'edges'),
      },
      'spark4',
    )
    expect(status, `${stdout.slice(-8000)}\n${stderr.slice(-2000)}`).toBe(0)
    expect(stdout).toMatch(/\d+ passed/)
    expect(stdout).not.toMatch(/skipped/)
    await duckDbReadsSparks(join(folder, 'edges'))
  })

  // Else the tables that it wrote once are read (test/wire/delta-recorded.test.ts).
  if (process.env.RTSTREAM_SPARKS === 'all')
    it('what Delta 4 writes is read as Spark reads it, by both readers', async () => {
      const truth = truthIn(join(running.root, 'silver'))
      await expectAdapters(running, truth)
      await expectEmbedded(running.root, truth)
    })

  it('silver and gold run on Spark Connect', {
    timeout: 900_000,
  }, async () => {
    const script = join(import.meta.dirname, 'on_connect.py')
    const { status, stdout, stderr } = await runPythonProgram(
      [script, join(folder, 'connect'), join(folder, 'exported')],
      {},
      'spark4',
    )
    expect(status, stderr.slice(-4000)).toBe(0)
    const lake = { silver: ['a', 'b'], quarantine: ['junk'], gold: ['a', 'b'] }
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      exported: lake,
      ...(process.env.RTSTREAM_SPARKS === 'all' ? { modules: lake } : {}),
      refusal: expect.stringMatching(/^StateError: The checkpoint .*silver is missing, but the table/),
      inBatch: expect.stringMatching(
        /^StateError: The checkpoint .* is at batch 1, but the table silver\/weather holds no batch as its newest: [^\n]*$/,
      ),
    })
  })
})
