/** Signals and defects end the screen first, so that the terminal is given back whatever happens. */
import type { Logger } from 'pino'
import type { ControlRoom } from '../../ui/app/main.tsx'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @returns what lets the process end as it would without a screen. */
export function endWithProcess(room: ControlRoom, logger: Pick<Logger, 'fatal'>): () => void {
  const onSignal = () => room.close({ kind: 'signal' })
  const onDefect = (error: unknown) => {
    logger.fatal({ err: error }, 'unexpected error')
    room.close({ kind: 'crash', error: error instanceof Error ? error : new Error(String(error)) })
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  process.on('uncaughtException', onDefect)
  process.on('unhandledRejection', onDefect)
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    process.off('uncaughtException', onDefect)
    process.off('unhandledRejection', onDefect)
  }
}
