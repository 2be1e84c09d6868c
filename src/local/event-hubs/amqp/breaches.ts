/**
 * What a peer may not send as things stand (OASIS AMQP 1.0, part 2). It is told so by a close with the reason; the library would cut the
 * connection without a word, or pass over it.
 */
import type { Connection } from 'rhea'
import { type Frame, type Hooks, hooksOf } from './library.ts'

/** More than the hub keeps for a peer. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
}

const CONDITION = { limit: 'amqp:resource-limit-exceeded', breach: 'amqp:illegal-state' } as const

/** All frames but SASL's. */
const HOOKS = [
  'on_open',
  'on_begin',
  'on_attach',
  'on_flow',
  'on_transfer',
  'on_disposition',
  'on_detach',
  'on_end',
  'on_close',
] as const satisfies readonly (keyof Hooks)[]

/**
 * Puts it on a connection, around all that was put on it before.
 * @param refuse ends the connection, for that reason and condition. Nothing that follows is read.
 */
export function endOnBreach(
  connection: Connection,
  refuse: (reason: string, condition: string) => void,
): void {
  const hooks = hooksOf(connection)
  let isOver = false
  for (const name of HOOKS) {
    const taken = hooks[name] as (frame: Frame) => void
    hooks[name] = ((frame: Frame) => {
      if (isOver) return
      try {
        CHECKS[name]?.(hooks, frame)
        taken.call(connection, frame)
      } catch (error) {
        isOver = true
        refuse((error as Error).message, error instanceof LimitError ? CONDITION.limit : CONDITION.breach)
      }
    }) as never
  }
}

/** Each throws for what the library takes. */
const CHECKS: Partial<Record<(typeof HOOKS)[number], (hooks: Hooks, frame: Frame) => void>> = {
  on_begin({ remote_channel_map: sessions }, { channel, performative }) {
    if ((performative.remote_channel ?? null) !== null)
      throw new Error('a session is begun in answer to none of the hub')
    if (sessions[channel]?.state.remote_open) throw new Error(`the channel ${channel} has a session already`)
  },
  on_attach({ remote_channel_map: sessions }, { channel, performative: { handle } }) {
    if (sessions[channel]?.remote.handles[handle]?.is_open())
      throw new Error(`the handle ${handle} has a link already`)
  },
  on_transfer({ remote_channel_map: sessions }, { channel, performative: { handle, delivery_id } }) {
    const link = sessions[channel]?.remote.handles[handle]
    if (link && !link._incomplete && (delivery_id ?? null) === null)
      throw new Error('a delivery begins without an id')
  },
}
