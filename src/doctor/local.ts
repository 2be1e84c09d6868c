/** What doctor looks at on this machine: the terminal, the runtime, the data folder. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatSize } from '../config/units.ts'
import type { Check, Finding } from './doctor.ts'

/** As the process sees its terminal. */
export interface TerminalFacts {
  isTty: boolean
  columns: number | undefined
  rows: number | undefined
  /** Below this the screen shows nothing but a word of how large it must be. */
  smallest: Readonly<{ columns: number; rows: number }>
  /** Bits of colour, as `tty.WriteStream.getColorDepth()` tells. */
  colorDepth: number | undefined
  env: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
  /** Plain letters were asked for. */
  ascii: boolean
}

/** Without a terminal it says so, and is no failure: other commands need none. */
export function terminalCheck(facts: TerminalFacts): Check {
  return {
    id: 'terminal',
    title: 'Terminal',
    why: 'The control room needs room, and characters that the terminal can draw.',
    run: async () => [size(facts), ...unicode(facts), ...colours(facts)],
  }
}

function size({ isTty, columns, rows, smallest }: TerminalFacts): Finding {
  if (!isTty || columns === undefined || rows === undefined) {
    return {
      level: 'warning',
      detail: 'output is not a terminal',
      fix: 'Open a terminal for the control room; `rtstream-tui run` works without one.',
    }
  }
  if (columns >= smallest.columns && rows >= smallest.rows)
    return { level: 'ok', detail: `${columns}×${rows}` }
  return {
    level: 'warning',
    detail: `${columns}×${rows} is too small`,
    fix: `Make the window at least ${smallest.columns}×${smallest.rows}.`,
  }
}

function unicode({ env, platform, ascii }: TerminalFacts): Finding[] {
  if (ascii) return []
  // Windows Terminal, and every terminal of macOS, draw Unicode whatever the variables say.
  if (platform === 'win32' ? env.WT_SESSION : platform === 'darwin') return []
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  if (/utf-?8/i.test(locale)) return []
  return [
    {
      level: 'warning',
      detail: `the locale (${locale || 'none'}) is not UTF-8`,
      fix: 'Set LANG=C.UTF-8, or start with --ascii.',
    },
  ]
}

function colours({ colorDepth, env, isTty }: TerminalFacts): Finding[] {
  if (!isTty) return []
  if (env.NO_COLOR) return [{ level: 'ok', detail: 'no colours, as NO_COLOR asks' }]
  if (env.TERM === 'dumb') {
    return [
      {
        level: 'warning',
        detail: 'TERM=dumb cannot move the cursor',
        fix: 'Use another terminal, or `rtstream-tui run`.',
      },
    ]
  }
  return [{ level: 'ok', detail: (colorDepth ?? 1) > 1 ? `${2 ** (colorDepth ?? 1)} colours` : 'no colours' }]
}

/** @param version as Node writes it: `v24.1.0`. */
export function runtimeCheck(version: string): Check {
  return {
    id: 'node',
    title: 'Node.js',
    why: 'Older versions lack what the program is built on.',
    run: async () => {
      const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
      const isNewEnough = major > 22 || (major === 22 && minor >= 19)
      if (isNewEnough) return { level: 'ok', detail: version }
      return {
        level: 'failure',
        detail: `${version} is too old`,
        fix: 'Install Node.js 22.19 or newer from https://nodejs.org',
      }
    },
  }
}

/** What a user may still write on the disk of a folder (bytes). */
function freeOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Never more than there is: whole gigabytes, or megabytes where there is not one. */
const roundedDown = (bytes: number) => {
  const unit = bytes < 1e9 ? 1e6 : 1e9
  return formatSize(Math.floor(bytes / unit) * unit)
}

/** @param needed bytes that the local hub and lake may grow to. @param freeIn bytes that are free; another one in tests. */
export function dataDirCheck(dataDir: string, needed: number, freeIn = freeOn): Check {
  return {
    id: 'data-dir',
    title: 'Data folder',
    why: 'The local hub and lake keep everything there.',
    run: async () => {
      // The folder is made at the first start: until then its nearest parent decides.
      let existing = dataDir
      while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing)
      try {
        accessSync(existing, constants.W_OK | constants.X_OK)
      } catch {
        return {
          level: 'failure',
          detail: `${existing} cannot be written to`,
          fix: 'Choose another folder with --data-dir.',
        }
      }
      const free = freeIn(existing)
      if (free >= needed) return { level: 'ok', detail: `${dataDir}, ${roundedDown(free)} free` }
      return {
        level: 'warning',
        detail: `${dataDir} has ${roundedDown(free)} free, the local lake may grow to ${formatSize(needed)}`,
        fix: 'Free some space, or lower --lake-limit and --hub-size.',
      }
    },
  }
}
