/**
 * Files that put another module in a module's place (`vi.mock`). Each has a process of its own, where nothing has loaded the real one. The other
 * files of the tiers `unit` and `wire` share their processes, which load React, the SDKs and the program once.
 */
export const MOCKING = [
  'test/cli/session-commands.test.ts',
  'test/commands/reports/folder-report.test.ts',
  'test/commands/shared/memory.test.ts',
  'test/local/engine/duckdb/process.test.ts',
]
