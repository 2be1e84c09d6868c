import { posix, win32 } from 'node:path'

/**
 * Folder per user in the platform's data directory: `$XDG_DATA_HOME/rtstream-tui` (by default below `~/.local/share`),
 * `~/Library/Application Support/rtstream-tui`, `%LOCALAPPDATA%\rtstream-tui`.
 */
export function defaultDataDir(
  platform: NodeJS.Platform,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const name = 'rtstream-tui'
  if (platform === 'win32') return win32.join(env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'), name)
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', name)
  // The XDG specification: a relative path is invalid and to be ignored.
  const data = env.XDG_DATA_HOME
  return posix.join(data && posix.isAbsolute(data) ? data : posix.join(home, '.local', 'share'), name)
}
