import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // As in the bundle (scripts/bundle-plugins.ts).
  resolve: {
    alias: { 'ink-output': fileURLToPath(new URL('node_modules/ink/build/output.js', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more files at once only makes every one of them slower.
    maxWorkers: 2,
    pool: 'forks',
  },
})
