/**
 * Azure's Java clients for Event Hubs, blobs and the lake, from Maven Central. Their archives carry no tests of a service, so the cases
 * (./java) are ours: what programs do with them, and what is to be refused.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { classPath, trustStore } from './maven.ts'
import { done, type Endpoints, output, type Suite, type SuiteResult } from './suite.ts'

const VERSION = '5.21.0'
const ARTIFACTS = [
  `com.azure:azure-messaging-eventhubs:${VERSION}`,
  // Maven takes the first version it meets: the checkpoint store asks for an older client of blobs, with which the lake's does not load.
  'com.azure:azure-storage-file-datalake:12.25.0',
  'com.azure:azure-messaging-eventhubs-checkpointstore-blob:1.21.0',
]

export const JAVA_SUITES: readonly Suite[] = [{ name: 'Azure SDK for Java', version: VERSION, run }]

async function run(folder: string, at: Endpoints): Promise<SuiteResult[]> {
  const place = join(folder, `azure-sdk-java-${VERSION}`)
  mkdirSync(place, { recursive: true })
  const path = await classPath(place, ARTIFACTS)
  const classes = join(place, 'classes')
  const sources = join(import.meta.dirname, 'java')
  const files = readdirSync(sources).map((file) => join(sources, file))
  await done('javac', ['-cp', path, '-d', classes, ...files], place)
  const store = await trustStore(place, at.certificateFile)
  const args = [
    `-Djavax.net.ssl.trustStore=${store}`,
    '-cp',
    [classes, path].join(delimiter),
    'Cases',
    ...[at.eventHubsConnectionString, at.eventHubsTls, at.eventHub],
    ...[at.lakeConnectionString, at.lakeTls, at.token],
  ]
  return (await output('java', args, { cwd: place }))
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([outcome, test = '', message = '']) =>
      outcome === 'passed' || outcome === 'failed' ? [{ test, outcome, message }] : [],
    )
}
