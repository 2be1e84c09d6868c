import { setTimeout as pause } from 'node:timers/promises'

/** @throws the signal's reason. */
export const abortableSleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  pause(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
