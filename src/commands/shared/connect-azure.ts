import type { Config } from '../../config/schema.ts'
import { wrongProxies } from '../../local/runtime/proxies.ts'
import type { Target } from '../../pipeline/ports/target.ts'
import { UserError } from './user-error.ts'

/** @throws UserError for an environment in which no SDK can work. */
export async function connectAzure({ azure }: Config): Promise<Target> {
  const [wrong] = wrongProxies(process.env)
  if (wrong !== undefined)
    throw new UserError(
      `The environment variable ${wrong} is no address of a proxy.`,
      'Set it to one such as http://proxy.example.org:8080, or unset it.',
    )
  const { connectAzureTarget } = await import('../../azure/target.ts')
  return connectAzureTarget(azure)
}
