const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()])

/** Variables whose values the SDKs cannot take for a proxy's address: they fail on them, whatever they are asked for. */
export const wrongProxies = (env: NodeJS.ProcessEnv): string[] =>
  NAMES.filter((name) => env[name] && !URL.canParse(env[name]))
