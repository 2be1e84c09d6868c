import type { Config } from '../../config/schema.ts'
import type { Target } from '../../pipeline/ports/target.ts'
import { connectAzure } from './connect-azure.ts'
import { askInstance } from './control-channel.ts'
import { localAzureConfig } from './local-config.ts'
import { UserError } from './user-error.ts'

const START_ONE =
  'Start one in another terminal (rtstream-tui), name its folder with --data-dir, or use --target azure.'

/**
 * The adapters on what runs already: Azure, or the local Azure of the instance on the data folder.
 * @param remedy what a person can do where none runs.
 * @throws UserError when no instance runs there.
 */
export async function attachTarget(config: Config, remedy = START_ONE): Promise<Target> {
  if (config.target === 'azure') return connectAzure(config)
  const instance = await askInstance(config.dataDir)
  if (!instance) throw new UserError(`No rtstream-tui runs on ${config.dataDir}.`, remedy)
  const { trust } = await import('../../local/hosting/trust.ts')
  const { bypassProxies } = await import('../../local/runtime/proxies.ts')
  bypassProxies()
  const { connectLocalTarget } = await import('../../azure/target.ts')
  trust(instance.endpoints.certificate)
  const { token, eventHubsTls } = instance.endpoints
  return connectLocalTarget({ token, eventHubsTls, azure: localAzureConfig(instance.endpoints) })
}
