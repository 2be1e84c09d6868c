/** `--profile=FOLDER`: what the measured programs leave there, V8's CPU profile of each thread and DuckDB's own. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROFILE_FOLDER } from '../../test/bench/duckdb-profile.ts'
import { root } from './subject.ts'

/** Arguments of Node, in front of the program; none without a folder. */
export function profileArguments(): string[] {
  const folder = process.env[PROFILE_FOLDER]
  if (folder === undefined) return []
  const preloaded = pathToFileURL(join(root, 'test/bench/duckdb-profile.ts')).href
  return ['--cpu-prof', '--cpu-prof-dir', folder, '--import', preloaded]
}
