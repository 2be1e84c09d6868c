/** A worker that says it has started, and breaks when its data folder's name says how. */
import { parentPort } from 'node:worker_threads'
import type { WorkerInput } from '../../../src/local/hosting/host.ts'
import { createCertificate } from '../../../src/local/runtime/certificate.ts'

const { options } = await new Promise<WorkerInput>((resolve) => parentPort?.once('message', resolve))
const how = options.dataDir
if (how === 'before') throw new Error('broken before the start')
if (how === 'exit') process.exit(3)
if (how === 'never') await new Promise((resolve) => setTimeout(resolve, 600_000))
const { cert } = await createCertificate()
parentPort?.postMessage({ type: 'started', endpoints: { certificate: cert } })
// Everything is stopped, but for one part.
if (how === 'close') {
  parentPort?.once('message', () => {
    parentPort?.postMessage({ type: 'closed badly', message: 'the event hub did not stop' })
    parentPort?.close()
  })
}
// The failure comes when somebody listens.
setTimeout(() => {
  if (how === 'throw') throw new Error('broken in the middle')
  if (how === 'memory') {
    const hoard: unknown[] = []
    for (;;) hoard.push(new Array(1e6).fill(hoard.length))
  }
}, 10)
