/** The local Azure in its worker, on a temporary data folder, and the adapters connected to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectLocalTarget } from '../../src/azure/target.ts'
import { localAzureConfig } from '../../src/commands/shared/local-config.ts'
import type { LocalAzureEndpoints, LocalAzureOptions } from '../../src/local/runtime/options.ts'
import type { Target } from '../../src/pipeline/ports/target.ts'

const folders: string[] = []

export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rtstream-local-'))
  folders.push(folder)
  return folder
}

/** For afterAll. */
export function removeDataFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

export const localOptions = (dataDir: string, more: Partial<LocalAzureOptions> = {}): LocalAzureOptions => ({
  dataDir,
  partitions: 2,
  consumerGroups: [],
  ports: { amqp: 0, amqpTls: 0, kafka: 0, kafkaTls: 0, lake: 0, lakeTls: 0, management: 0 },
  hubRetention: { ms: 3_600_000, bytes: 1e9 },
  lakeLimit: 1e9,
  lakeRetentionMs: 3_600_000,
  engine: 'duckdb',
  logFile: join(dataDir, 'rtstream.log'),
  seed: undefined,
  keys: 'new',
  ...more,
})

export const connect = (endpoints: LocalAzureEndpoints): Promise<Target> =>
  connectLocalTarget({
    token: endpoints.token,
    eventHubsTls: endpoints.eventHubsTls,
    azure: localAzureConfig(endpoints),
  })
