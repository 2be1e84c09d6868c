/** A DuckDB of Python's whose Azure extension is there already: its own site, where it would be fetched from, is not needed. */
import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePython } from '../../scripts/python-env.ts'

/** @returns the Python, or what is missing, having said so in one line. */
export function duckdbOrReason(suite: string): ReturnType<typeof ensurePython> {
  // The home folder, where extensions are looked for, is not an environment variable there.
  const found = process.platform === 'win32' ? { missing: 'Not on Windows.' } : ensurePython('duckdb')
  if ('missing' in found) console.warn(`SKIPPED: ${suite}. ${found.missing}`)
  return found
}

/** Puts the packaged extension where DuckDB keeps what it has installed. @returns the home folder to run it with. */
export function duckdbHome(python: string, folder: string): string {
  const packaged = execFileSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
    encoding: 'utf8',
  }).trim()
  cpSync(join(packaged, 'duckdb_ext/extensions'), join(folder, '.duckdb/extensions'), { recursive: true })
  return folder
}
