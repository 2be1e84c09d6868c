/**
 * How long a test waits for a condition when it names no limit of its own. Vitest's second is too short for a machine that
 * does other things too; who waits longer loses time only where a test fails.
 */
import { vi } from 'vitest'

/** Less than a test's own limit (vitest.config.ts), so that what was waited for is told. */
export const PATIENCE_MS = 25_000

type WaitFor = typeof vi.waitFor

/** @returns the same, with {@link PATIENCE_MS} where the caller names no limit. */
export const patient = (waitFor: WaitFor): WaitFor =>
  function patientWaitFor(condition, options = {}) {
    return waitFor(condition, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options })
  }

// This is run for each file, also of those that share a process and its `vi`.
if (vi.waitFor.name !== 'patientWaitFor') vi.waitFor = patient(vi.waitFor)
