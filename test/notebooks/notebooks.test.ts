/** The notebooks on real Spark (the tests in Python beside this file), and what must agree with them. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { notebookParameters } from '../../src/azure/provisioning/notebook-parameters.ts'
import { exportNotebooks, NOTEBOOKS } from '../../src/commands/notebooks.ts'
import { withGeneratedCode } from '../../src/commands/shared/notebooks-source.ts'
import { TABLES } from '../../src/contract/tables.ts'
import { type LakeServer, startLake } from '../support/lake-server.ts'
import { expectAdapters, expectEmbedded, truthIn } from './delta-matrix.ts'
import { duckDbReadsSparks, embeddedEdges } from './edge-values.ts'
import { killPythons, runPythonProgram } from './python-process.ts'
import { sparkOrReason } from './spark.ts'

const notebooks = join(import.meta.dirname, '../../notebooks')
const read = (name: string) => readFileSync(join(notebooks, `${name}.py`), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'rtstream-notebooks-'))
afterAll(() => rmSync(folder, { recursive: true }))

const lacks = sparkOrReason('the notebook suite')

describe('the text of the notebooks', () => {
  it.each(NOTEBOOKS)(
    '%s holds the present text of the modules (node scripts/inline-notebooks.ts)',
    (name) => {
      expect(read(name)).toBe(withGeneratedCode(read(name), read))
      expect(read(name)).toMatch(/^# Databricks notebook source\n# MAGIC %md\n/)
    },
  )

  it('knows the tables of the contract', () => {
    const names = {
      string: 'string',
      integer: 'int',
      long: 'bigint',
      double: 'double',
      timestamp: 'timestamp',
    }
    const types: Record<string, string> = { ...names, date: 'date', 'array<string>': 'array<string>' }
    const text = read('rtstream_lake').replace(/"\s*\n\s*"/g, '')
    for (const [name, { container, path, columns }] of Object.entries(TABLES)) {
      const ddl = columns.map(([column, type]) => `${column} ${types[type]}`).join(', ')
      const expanded = text.replaceAll(/_READING \+ "/g, `"${/_READING = \(\s*"([^"]+)"/.exec(text)?.[1]}`)
      const reading = `"${name}": ("${container}", "${path}", _READING)`
      const found = expanded.includes(reading)
        ? /_READING = \(\s*"([^"]+)"/.exec(text)?.[1]
        : new RegExp(`"${name}": \\(\\s*"${container}",\\s*"${path}",\\s*"([^"]+)"`).exec(expanded)?.[1]
      expect(found, name).toBe(ddl)
    }
  })

  it('takes every parameter that set-up gives it', () => {
    for (const platform of ['databricks', 'synapse'] as const)
      for (const name of Object.keys(notebookParameters(platform, 'account')))
        expect(read('rtstream_lake')).toContain(`\n    "${name}": `)
  })

  it('and all other Python here keeps the rules of ruff.toml', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/lint-python.ts'], {
      cwd: join(notebooks, '..'),
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'All checks passed!\n' })
  })

  it('is exported as .ipynb that need no file beside them', () => {
    const paths = exportNotebooks(join(folder, 'made'), notebooks)
    expect(paths.map((path) => path.slice(folder.length))).toEqual([
      '/made/silver.ipynb',
      '/made/gold.ipynb',
      '/made/aggregate.ipynb',
    ])
    for (const path of paths) {
      const { cells, nbformat } = JSON.parse(readFileSync(path, 'utf8'))
      expect(nbformat).toBe(4)
      expect(cells[0].cell_type).toBe('markdown')
      expect(JSON.stringify(cells)).not.toMatch(/from rtstream_|# MAGIC|# COMMAND/)
    }
    expect(() => exportNotebooks(paths[0] as string, notebooks)).toThrow(/cannot be written to/)
  })
})

describe.skipIf(lacks !== undefined)('the notebooks on Spark', () => {
  let running: LakeServer
  beforeAll(async () => {
    running = await startLake()
    await embeddedEdges(join(folder, 'edges'))
  })
  afterAll(() => running?.close())
  afterEach(killPythons)

  it('pass their tests in Python', { timeout: 1_500_000 }, async () => {
    const exported = join(folder, 'exported')
    exportNotebooks(exported, notebooks)
    const { status, stdout, stderr } = await runPythonProgram(
      ['-m', 'pytest', '-q', '--durations=5', '-p', 'no:cacheprovider', import.meta.dirname],
      {
        RTSTREAM_EXPORTED: exported,
        RTSTREAM_MATRIX: join(running.root, 'silver'),
        RTSTREAM_EDGES: join(folder, 'edges'),
      },
    )
    expect(status, `${stdout.slice(-8000)}\n${stderr.slice(-2000)}`).toBe(0)
    expect(stdout).toMatch(/\d+ passed/)
    expect(stdout).not.toMatch(/skipped/)
    await duckDbReadsSparks(join(folder, 'edges'))
  })

  // Else the tables that it wrote once are read (test/wire/delta-recorded.test.ts).
  if (process.env.RTSTREAM_SPARKS === 'all')
    it('what Delta 3.3 writes is read as Spark reads it, by both readers', async () => {
      const truth = truthIn(join(running.root, 'silver'))
      await expectAdapters(running, truth)
      await expectEmbedded(running.root, truth)
    })
})
