/** The event hub's two front doors over one log, AMQP and Kafka: opened, closed and opened again together. */
import { startKafka } from '../event-hubs/kafka/server.ts'
import type { GroupProgress } from '../event-hubs/links/group-progress.ts'
import { type EventHubsOptions, startEventHubs } from '../event-hubs/server.ts'
import type { FaultDeed } from '../faults/fault-switch.ts'
import type { ClosingStack } from '../runtime/closing.ts'
import type { LocalAzureOptions } from '../runtime/options.ts'

export interface HubEndpointsOptions extends Omit<EventHubsOptions, 'ports' | 'limits'> {
  /** 0 = a free port. */
  ports: Pick<LocalAzureOptions['ports'], 'amqp' | 'amqpTls' | 'kafka' | 'kafkaTls'>
  /** Where offsets that are committed over Kafka are kept. */
  stateFolder: string
  retentionMs: number
  newId: () => string
}

/** Four ports: each protocol plain and over TLS. */
export interface HubEndpoints {
  /** What both listen on; the same after they were away. */
  ports(): Record<'plain' | 'tls' | 'kafka' | 'kafkaTls', number>
  /** Consumer groups over AMQP, and those over Kafka. */
  groups(): { amqp: GroupProgress[]; kafka: GroupProgress[] }
  /** Both are gone, and come back on their ports; what is in the log stays. */
  away: FaultDeed
}

/** @param stack gets what closes each. @throws PortTakenError, StateFileError */
export async function startHubEndpoints(
  { ports, ...options }: HubEndpointsOptions,
  stack: ClosingStack,
): Promise<HubEndpoints> {
  let hub = await startEventHubs({ ...options, ports: { plain: ports.amqp, tls: ports.amqpTls } })
  stack.add('the event hub', () => hub.close())
  let kafka = await startKafka({ ...options, ports: { plain: ports.kafka, tls: ports.kafkaTls } })
  stack.add("the event hub's Kafka endpoint", () => kafka.close())
  return {
    ports: () => ({
      plain: hub.plainPort,
      tls: hub.tlsPort,
      kafka: kafka.plainPort,
      kafkaTls: kafka.tlsPort,
    }),
    groups: () => ({ amqp: hub.groups(), kafka: kafka.groups() }),
    away: {
      begin: async () => {
        await Promise.all([hub.close(), kafka.close()])
      },
      end: async () => {
        hub = await startEventHubs({ ...options, ports: { plain: hub.plainPort, tls: hub.tlsPort } })
        kafka = await startKafka({ ...options, ports: { plain: kafka.plainPort, tls: kafka.tlsPort } })
      },
    },
  }
}
