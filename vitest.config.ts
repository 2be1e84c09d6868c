import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { MOCKING } from './test/support/mocking.ts'
import { RunOrder } from './test/support/run-order.ts'

/**
 * The tiers of the suite (CONTRIBUTING.md): which files belong to each. What no other tier claims is a unit test, so a new
 * file never falls between them.
 */
const TIERS = {
  e2e: ['test/e2e/**', 'test/screen-azure/**', 'test/ui/*.test.ts'],
  notebooks: ['test/notebooks/**', 'test/local/spark/**'],
  wire: ['test/wire/**', 'test/azure/**', 'test/local/**'],
}

const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
  // In a process with several threads that strip types, V8 13.6 ended once in replacing a wrapper between WebAssembly and JavaScript
  // (`jit_page.has_value()`, in Runtime_TierUpWasmToJSWrapper): here none is ever called often enough to be replaced.
  execArgv: ['--wasm-wrapper-tiering-budget=2147483647'],
  setupFiles: ['test/support/patience.ts'],
  expect: { poll: { timeout: 25_000 } },
}
const isTest = (path: string) => path.replace(/\*\*$/, '**/*.test.{ts,tsx}')

export default defineConfig({
  // As in the bundle (scripts/bundle-plugins.ts).
  resolve: {
    alias: { 'ink-output': fileURLToPath(new URL('node_modules/ink/build/output.js', import.meta.url)) },
  },
  test: {
    // Two cores: one for a Spark (test/support/run-order.ts); most other files wait for processes and sockets, two at a time.
    maxWorkers: 3,
    sequence: { sequencer: RunOrder },
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          isolate: false,
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...Object.values(TIERS).flat(), ...MOCKING],
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          isolate: false,
          name: 'wire',
          include: TIERS.wire.map(isTest),
          exclude: [...TIERS.notebooks, ...MOCKING],
        },
      },
      { extends: true, test: { ...shared, name: 'mocking', include: MOCKING } },
      { extends: true, test: { ...shared, name: 'e2e', include: TIERS.e2e.map(isTest) } },
      { extends: true, test: { ...shared, name: 'notebooks', include: TIERS.notebooks.map(isTest) } },
    ],
  },
})
