/** Ends what waits on a connection that was cut: the one place that reaches into the client for it. */
import type { EventHubConsumerClient, EventHubProducerClient } from '@azure/event-hubs'
import { ServiceError } from '../../pipeline/ports/errors.ts'
import { onTooLong } from './incoming-bounds.ts'

const connectionCut = () =>
  new ServiceError('unreachable', 'Event Hubs', 'The connection to Event Hubs was cut.')

/**
 * Runs an operation of a client so that it ends when the connection is cut. The SDK does not report a lost
 * connection and lets pending operations run into their timeout, seconds after the hub is back. So this
 * listens to the connection inside the client. If the SDK ever moves it, the timeout still applies.
 * @param operation must end when the given signal aborts.
 * @returns what the operation returns, and the error to report instead when the connection was cut.
 */
export async function untilDisconnected<T>(
  client: EventHubProducerClient | EventHubConsumerClient,
  signal: AbortSignal | undefined,
  operation: (signal: AbortSignal) => Promise<T>,
): Promise<{ result: T; cut: ServiceError | undefined }> {
  const { _context: context } = client as unknown as { _context?: { connection?: Emitter } }
  const connection = context?.connection
  const controller = new AbortController()
  const onCut = () => controller.abort()
  connection?.once('disconnected', onCut)
  let tooLong: ServiceError | undefined
  const stopListening = onTooLong(client, (error) => {
    tooLong = error
  })
  const reason = () => tooLong ?? connectionCut()
  try {
    const result = await operation(signal ? AbortSignal.any([signal, controller.signal]) : controller.signal)
    return { result, cut: controller.signal.aborted ? reason() : undefined }
  } catch (error) {
    throw controller.signal.aborted ? reason() : error
  } finally {
    connection?.removeListener('disconnected', onCut)
    stopListening()
  }
}

interface Emitter {
  once(event: string, listener: () => void): unknown
  removeListener(event: string, listener: () => void): unknown
}
