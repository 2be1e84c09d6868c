/** Which panel draws which slot of the layout. */
import type { SlotId } from '../layout.ts'
import { databricksPanel } from './databricks-panel.ts'
import { eventsPanel } from './events-panel.ts'
import { hubPanel } from './hub-panel.ts'
import { jobPanel } from './job-panel.ts'
import { lakePanel } from './lake-panel.ts'
import { ledgerPanel } from './ledger-panel.ts'
import { logPanel } from './log-panel.ts'
import type { Panel } from './panel.ts'
import { ratePanel } from './rate-panel.ts'
import { servicesPanel } from './services-panel.ts'
import { synapsePanel } from './synapse-panel.ts'

export const PANEL_VIEWS: Readonly<Record<SlotId, Panel>> = {
  rate: ratePanel,
  hub: hubPanel,
  job: jobPanel,
  lake: lakePanel,
  databricks: databricksPanel,
  synapse: synapsePanel,
  ledger: ledgerPanel,
  events: eventsPanel,
  log: logPanel,
  services: servicesPanel,
}
