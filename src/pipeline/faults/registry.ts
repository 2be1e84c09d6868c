/** Everything that can be broken on purpose, as data: palette, key, command line and lessons all read this. */
import type { StageId } from '../ports/stages.ts'

/** Texts are for a person, each a sentence or less. */
export interface Fault {
  name: string
  /** What is broken, for a list. */
  title: string
  /** `sender`: in front of the hub, in this process. `service`: inside the local services. */
  place: 'sender' | 'service'
  /** What happens, to what; one sentence for the banner. */
  happens: string
  /** What will be seen on the screen. */
  seen: string
  /** Stages that it may make fail; they are started again once it ends. */
  breaks: readonly StageId[]
}

const fault = (
  name: string,
  title: string,
  place: Fault['place'],
  happens: string,
  seen: string,
  breaks: readonly StageId[] = [],
): Fault => ({ name, title, place, happens, seen, breaks })

export const FAULTS = [
  fault(
    'hub-away',
    'hub away',
    'service',
    'The event hub has closed its ports and cut every connection.',
    'The generator keeps its readings and tries again; what it made arrives when the hub is back.',
    ['generator'],
  ),
  fault(
    'hub-throttles',
    'hub throttles',
    'service',
    'The event hub refuses every send: ServerBusy, 50002. Kafka clients wait for each acknowledgement.',
    'Readings wait in the generator’s buffer, which grows.',
    ['generator'],
  ),
  fault(
    'slow-lake',
    'slow network to the lake',
    'service',
    'Each answer of the lake takes 300 ms longer, and each third request gets 503 with Retry-After.',
    'The numbers of the lake grow old on the screen; the tables grow on.',
  ),
  fault(
    'job-killed',
    'job killed',
    'service',
    'The Stream Analytics job was killed between a file of bronze and the note that it was written.',
    'The job fails, the backlog before it grows; after the start it goes on behind that file, and writes nothing twice.',
    ['streamAnalytics'],
  ),
  fault(
    'silver-killed',
    'silver killed',
    'service',
    'The process of silver was killed in the middle of a batch: its file is written, its commit is not.',
    'Silver fails, the backlog before it grows; after the start it runs the same batch again.',
    ['silver'],
  ),
  fault(
    'poison',
    'poison events',
    'sender',
    'A client has sent bodies that nobody expects: no UTF-8, no object, 2,000 levels deep, 100 KB long.',
    'Those that are not JSON objects are rejected, the others quarantined; nothing stops.',
  ),
  fault(
    'duplicate-storm',
    'duplicate storm',
    'sender',
    'Each batch is sent twice, as by a producer that lost its acknowledgement.',
    'The hub holds twice as many events; silver drops the copies, and counts them.',
  ),
  fault(
    'late-hour',
    'late hour',
    'sender',
    'Readings come an hour after they were measured.',
    'Freshness is an hour; the means of the hour before change.',
  ),
  fault(
    'wrong-clock',
    'wrong clock',
    'sender',
    'The clock of station 0 is five years ahead.',
    'One row of the aggregate lies in the future; nothing else changes.',
  ),
  fault(
    'schema-change',
    'schema change',
    'sender',
    'Of three readings one has its temperature as text, one a further field, one no humidity.',
    'The first two pass; the third is quarantined: humidity is missing.',
  ),
  fault(
    'hot-partition',
    'hot partition',
    'sender',
    'All stations send with one partition key.',
    'One partition takes everything; the others rest.',
  ),
  fault(
    'lake-full',
    'lake full',
    'service',
    'The lake has no room for another byte.',
    'The job and the tables fail; after the start they go on where they were.',
    ['streamAnalytics', 'silver', 'gold', 'aggregate'],
  ),
  fault(
    'token-expired',
    'token expired',
    'service',
    'No service accepts the token of this session any more: 401.',
    'Numbers grow old, the generator stops; the tables grow on, as the services need no token of ours.',
    ['generator'],
  ),
  fault(
    'stuck-consumer',
    'consumer that never reads',
    'service',
    'A consumer of the hub has asked for events of every partition and takes none.',
    'Nothing: consumers do not wait for each other.',
  ),
] as const satisfies readonly Fault[]

/** As the command line and lessons name them. */
export const FAULT_NAMES: readonly string[] = FAULTS.map(({ name }) => name)

/** Undefined: there is none of that name. */
export const faultNamed = (name: string): Fault | undefined => FAULTS.find((one) => one.name === name)
