import { setTimeout as pause } from 'node:timers/promises'

/** @throws the reason of the signal. */
export const abortableSleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  pause(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
