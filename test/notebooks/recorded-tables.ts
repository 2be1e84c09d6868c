/**
 * The tables that Spark makes of delta_matrix.py, kept in one file for each version: to make them takes minutes, and what a pinned Delta
 * writes does not change. `node test/notebooks/record-tables.ts` makes the files anew; `npm run test:sparks` makes the tables each time.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

const HERE = import.meta.dirname

/** By the name of the Python that it runs on: the file, and what pins Spark and Delta. */
const RECORDS = {
  spark3: { file: 'delta-3.3.json.gz', pins: 'requirements.txt' },
  spark4: { file: 'delta-4.4.json.gz', pins: 'requirements-spark4.txt' },
}
export type RecordName = keyof typeof RECORDS
export const RECORD_NAMES = Object.keys(RECORDS) as RecordName[]

interface Recorded {
  /** Digest of {@link recipe}. */
  recipe: string
  /** By path below the folder of the tables: bytes, in base64. `truth.json` is one of them. */
  files: Record<string, string>
}

/** What the tables come from: the program that makes them, and the versions that it runs on. */
export function recipe(name: RecordName): string {
  const hash = createHash('sha256')
  for (const path of ['delta_matrix.py', `../../notebooks/${RECORDS[name].pins}`])
    hash.update(readFileSync(join(HERE, path)))
  return hash.digest('hex')
}

/** @param folder that the tables stand in. Spark's own checksums of files are left out. */
export function record(name: RecordName, folder: string): void {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^\..*\.crc$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
  const files = paths.map((path) => [
    path.slice(folder.length + 1).replaceAll('\\', '/'),
    readFileSync(path).toString('base64'),
  ])
  const recorded: Recorded = { recipe: recipe(name), files: Object.fromEntries(files) }
  writeFileSync(join(HERE, RECORDS[name].file), gzipSync(JSON.stringify(recorded), { level: 9 }))
}

/** Puts the tables below `folder`. @returns the digest of what they were made from. */
export function unpack(name: RecordName, folder: string): string {
  const packed = readFileSync(join(HERE, RECORDS[name].file))
  const { recipe: made, files }: Recorded = JSON.parse(gunzipSync(packed).toString())
  for (const [path, bytes] of Object.entries(files)) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, Buffer.from(bytes, 'base64'))
  }
  return made
}
