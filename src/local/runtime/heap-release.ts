/**
 * Gives back what a heap has grown by. V8 keeps the space for new objects as large as a burst made it, and the pages that were
 * freed, as long as something goes on; after a burst that is three times of what is in use.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BroadcastChannel } from 'node:worker_threads'

const CHANNEL = 'rtstream-tui heap'

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Of this thread's heap. */
export function releaseHeap(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** In a thread with a heap of its own: does as {@link releaseHeaps} says. Keeps no thread alive. */
export function releaseWhenTold(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = releaseHeap
  channel.unref()
}

/** Of this thread, and of all that listen. A pause of some tenths of a second, so once after a burst. */
export function releaseHeaps(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage('release')
  channel.close()
  releaseHeap()
}
