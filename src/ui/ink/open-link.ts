/** Opens an address in the program that the desktop has for it. */

/** The system decides which program it is. */
export interface OpenLinkOptions {
  env: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
  /** Starts the program; rejects when there is none. Another one in tests. */
  launch?: (url: string) => Promise<unknown>
  /** What went wrong later, in a line. */
  onProblem: (line: string) => void
}

const ALLOWED = ['https:', 'http:', 'file:']

const launchDesktop = async (url: string) => (await import('open')).default(url)

/** @returns why it cannot be opened, with the address; undefined: it is being opened. */
export function openLink(url: string, options: OpenLinkOptions): string | undefined {
  const { env, platform, launch = launchDesktop, onProblem } = options
  if (!URL.canParse(url) || !ALLOWED.includes(new URL(url).protocol)) return `Not an address to open: ${url}`
  if (!hasDesktop(env, platform)) return `No desktop here to open it: ${url}`
  launch(url).catch((error: Error) => onProblem(`${url} could not be opened: ${error.message}`))
  return undefined
}

/** Over ssh and in containers there is no browser: starting one would fail without a word. */
function hasDesktop(env: OpenLinkOptions['env'], platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return true
  if (platform === 'darwin') return !env.SSH_CONNECTION
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME)
}
