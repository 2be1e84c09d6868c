/** Proxies that the environment names: loopback goes past them, and what is no address is told. */
const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()])

/** Variables whose values the SDKs cannot take for a proxy's address: they fail on them, whatever they are asked for. */
export const wrongProxies = (env: NodeJS.ProcessEnv): string[] =>
  NAMES.filter((name) => env[name] && !URL.canParse(env[name]))

/** The HTTP clients would send even loopback requests to a proxy that the environment names. */
export function bypassProxies(): void {
  for (const name of wrongProxies(process.env)) delete process.env[name]
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const hosts = (process.env[name] ?? '').split(',').filter(Boolean)
    process.env[name] = [...new Set([...hosts, 'localhost', '127.0.0.1'])].join(',')
  }
}
