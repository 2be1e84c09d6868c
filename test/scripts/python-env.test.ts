import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { ensurePython, PYTHON_NEWS, tell, whyNoJars } from '../../scripts/python-env.ts'

const news = mkdtempSync(join(tmpdir(), 'rtstream-news-'))
afterEach(() => {
  vi.unstubAllEnvs()
})
afterAll(() => rmSync(news, { recursive: true }))

describe('the Python of the tests', () => {
  it('is not asked for again once `npm test` has found that it cannot be had', () => {
    vi.stubEnv(PYTHON_NEWS, news)
    tell(news, 'spark3', 'no index within reach')
    expect(ensurePython()).toEqual({ missing: 'no index within reach' })
  })

  it('is waited for while `npm test` makes it', () => {
    vi.stubEnv(PYTHON_NEWS, news)
    const program = "require('node:fs').writeFileSync(process.argv[1], '')"
    // Another process, as this one does nothing else while it waits.
    spawn(process.execPath, ['-e', program, join(news, 'duckdb')], { stdio: 'ignore' })
    expect(ensurePython('duckdb')).toEqual({ python: expect.stringContaining('.venv-duckdb') })
  })

  it('that got no jars says which archive was refused, and what to remove', () => {
    const output = [
      'Exception in thread "main" java.lang.RuntimeException: [download failed: org.slf4j#slf4j-api;2.0.13!slf4j-api.jar]',
      '\tat org.apache.spark.util.MavenUtils$.resolveMavenCoordinates(MavenUtils.scala:531)',
      'pyspark.errors.exceptions.base.PySparkRuntimeError: [JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.',
    ]
    expect(whyNoJars(`${output.join('\n')}\n`)).toMatch(/slf4j-api\.jar.*~\/\.m2\/repository/)
    expect(whyNoJars(output.slice(1).join('\n'))).toMatch(/not fetched: pyspark.*JAVA_GATEWAY_EXITED/)
  })
})
