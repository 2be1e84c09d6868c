import { afterEach, describe, expect, it, vi } from 'vitest'
import { ensurePython, PYTHON_MISSING } from '../../scripts/python-env.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the Python of the tests', () => {
  it('is not asked for again once `npm test` has found that it cannot be had', () => {
    vi.stubEnv(PYTHON_MISSING, 'no index within reach')
    expect(ensurePython()).toEqual({ missing: 'no index within reach' })
  })
})
