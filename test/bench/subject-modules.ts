/** Modules of another checkout, which may have them in other places than this one. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Present place first, then where the module stood before the rooms of today. */
const PLACES = {
  engine: ['src/local/engine/duckdb-engine.ts'],
  lakeFolder: ['src/local/data-lake/store/folder.ts', 'src/local/data-lake/folder.ts'],
  hubLog: ['src/local/event-hubs/log/log.ts', 'src/local/event-hubs/log.ts'],
  hubProducer: ['src/azure/event-hubs/producer.ts', 'src/azure/event-hubs.ts'],
  hubServer: ['src/local/event-hubs/server.ts'],
  certificate: ['src/local/runtime/certificate.ts', 'src/local/certificate.ts'],
} as const

/** @throws Error when the checkout has the module in none of the places that are known. */
export async function subjectModule<Module>(root: string, name: keyof typeof PLACES): Promise<Module> {
  const place = PLACES[name].find((one) => existsSync(join(root, one)))
  if (!place) throw new Error(`${root} has none of ${PLACES[name].join(', ')}: add its place to this file.`)
  return (await import(pathToFileURL(join(root, place)).href)) as Module
}
