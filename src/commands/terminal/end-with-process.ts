/** Signals and defects end the screen first, so that the terminal is given back whatever happens. */
import type { Logger } from 'pino'
import type { ControlRoom } from '../../ui/app/main.tsx'

/** What would end the process where it stands, with the terminal raw and reporting the mouse to the shell. */
const SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
] as const

/** @returns what lets signals end the process as they would without a screen. */
export function endWithSignals(room: Pick<ControlRoom, 'close'>): () => void {
  const onSignal = () => room.close({ kind: 'signal' })
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

/** @returns what lets the process end as it would without a screen. */
export function endWithProcess(room: ControlRoom, logger: Pick<Logger, 'fatal'>): () => void {
  const forget = endWithSignals(room)
  const onDefect = (error: unknown) => {
    logger.fatal({ err: error }, 'unexpected error')
    room.close({ kind: 'crash', error: error instanceof Error ? error : new Error(String(error)) })
  }
  process.on('uncaughtException', onDefect)
  process.on('unhandledRejection', onDefect)
  return () => {
    forget()
    process.off('uncaughtException', onDefect)
    process.off('unhandledRejection', onDefect)
  }
}
