/** Whether DuckDB's native package is there, without loading it: that costs memory before anybody has asked for a query. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

const PACKAGE = '@duckdb/node-api'

/** The package is optional, so that an installation without it can still watch Azure. */
export class DuckDbMissingError extends Error {
  override readonly name = 'DuckDbMissingError'
  readonly hint =
    'Install the program again on this machine, with its optional packages: npm install --include=optional rtstream-tui'

  constructor(options?: ErrorOptions) {
    const { platform, arch } = process
    super(`DuckDB's native package for this machine (${platform}-${arch}) is not installed.`, options)
  }
}

/**
 * @param from where the search begins; another place in tests.
 * @throws DuckDbMissingError
 */
export function findDuckDb(from: string = import.meta.url): void {
  try {
    const bindings = createRequire(createRequire(from).resolve(PACKAGE)).resolve('@duckdb/node-bindings')
    const resolver = createRequire(bindings)
    const name = `@duckdb/node-bindings-${process.platform}-${process.arch}`
    // A Linux without glibc has a package of its own.
    if ([name, `${name}-musl`].some((one) => isThere(resolver, `${one}/duckdb.node`))) return
  } catch (cause) {
    throw new DuckDbMissingError({ cause })
  }
  throw new DuckDbMissingError()
}

function isThere(resolver: NodeJS.Require, file: string): boolean {
  try {
    return existsSync(resolver.resolve(file))
  } catch {
    return false
  }
}

/** Loads it, as doctor does: a package that is there may still be of no use here. @throws DuckDbMissingError, Error */
export async function loadDuckDb(): Promise<string> {
  findDuckDb()
  const { version } = await import('@duckdb/node-api')
  return version()
}
