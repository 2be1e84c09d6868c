/** What the services do while they are broken on purpose: each at the place where the real one fails. */
import type { LakeFolder } from '../data-lake/store/folder.ts'
import type { HubFaults } from '../event-hubs/hub.ts'
import { type FaultDeed, type FaultSwitch, KilledError } from './fault-switch.ts'

/** As the service words it, with its number. */
const THROTTLED = {
  condition: 'com.microsoft:server-busy',
  description:
    'The request was terminated because the namespace is being throttled. Error code : 50002. Please wait 4 seconds and try again.',
}

/** Both take effect for connections that are open. */
export const hubFaults = (faults: FaultSwitch): HubFaults => ({
  refuseSend: () => (faults.isActive('hub-throttles') ? THROTTLED : undefined),
  isTokenExpired: () => faults.isActive('token-expired'),
})

/** Between a file of bronze and the note that it was written. */
export const jobKill = (faults: FaultSwitch) => () => {
  if (faults.isActive('job-killed')) throw new KilledError('the Stream Analytics job')
}

/** In the middle of a batch of silver: its file is written, its commit is not. */
export const silverKill = (faults: FaultSwitch) => (point: string) => {
  if (faults.isActive('silver-killed') && point === 'silver/weather: file written')
    throw new KilledError('silver')
}

/** From now on the lake is full. */
export function fullLake(lake: Pick<LakeFolder, 'limitBytes'>): FaultDeed {
  let before = lake.limitBytes
  return {
    begin: () => {
      before = lake.limitBytes
      lake.limitBytes = 0
    },
    end: () => {
      lake.limitBytes = before
    },
  }
}
