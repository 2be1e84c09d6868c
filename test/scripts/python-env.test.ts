import { afterEach, describe, expect, it, vi } from 'vitest'
import { ensurePython, PYTHON_MISSING, whyNoJars } from '../../scripts/python-env.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the Python of the tests', () => {
  it('is not asked for again once `npm test` has found that it cannot be had', () => {
    vi.stubEnv(PYTHON_MISSING, 'no index within reach')
    expect(ensurePython()).toEqual({ missing: 'no index within reach' })
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
