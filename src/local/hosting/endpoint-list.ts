/** What clients are told: addresses, connection strings, and the file of the certificate. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT_HUB_NAME, LOCAL_NAMES, type LocalAzureEndpoints } from '../runtime/options.ts'
import { namingFile } from '../storage/naming-file.ts'
import type { HubEndpoints } from './hub-endpoints.ts'
import type { SessionKeys } from './session-keys.ts'

/** Of all services, once they listen. */
export interface Listening {
  dataDir: string
  partitions: number
  consumerGroups: readonly string[]
  keys: SessionKeys
  hub: ReturnType<HubEndpoints['ports']>
  lake: { plainPort: number; tlsPort: number }
  management: { port: number }
}

const { account, keyName } = LOCAL_NAMES

/** Writes the certificate too. @throws UnwritableFileError */
export function endpointsOf(listening: Listening): LocalAzureEndpoints {
  const { dataDir, partitions, consumerGroups, keys, hub, lake, management } = listening
  const { token, hubKey, accountKey, tls } = keys
  const plainLake = `http://127.0.0.1:${lake.plainPort}/${account}`
  return {
    eventHubsTls: `sb://localhost:${hub.tls}`,
    partitions,
    consumerGroups,
    eventHubsConnectionString: connectionString({
      Endpoint: `sb://localhost:${hub.plain}`,
      SharedAccessKeyName: keyName,
      SharedAccessKey: hubKey,
      UseDevelopmentEmulator: 'true',
      EntityPath: EVENT_HUB_NAME,
    }),
    kafka: `localhost:${hub.kafka}`,
    kafkaTls: `localhost:${hub.kafkaTls}`,
    lakeTls: `https://localhost:${lake.tlsPort}/${account}`,
    lake: plainLake,
    lakeConnectionString: connectionString({
      DefaultEndpointsProtocol: 'http',
      AccountName: account,
      AccountKey: accountKey,
      BlobEndpoint: plainLake,
    }),
    accountKey,
    management: `https://localhost:${management.port}`,
    token,
    certificate: tls.cert,
    certificateFile: writeCertificate(join(dataDir, 'local'), tls.cert),
  }
}

/** Public, for clients of other languages. */
function writeCertificate(folder: string, certificate: string): string {
  const file = join(folder, 'ca.pem')
  // Files of certificates are put behind each other: the next one begins a line.
  namingFile(file, () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, `${certificate.trimEnd()}\n`)
  })
  return file
}

const connectionString = (parts: Record<string, string>) =>
  Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')
