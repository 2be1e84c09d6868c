/** What the files of this folder have in common: how a command is added, and what it may use. */
import type { Command } from 'commander'
import type { LoadedConfig, LoadOptions } from '../config/load.ts'

/** Options as commander has read them, by their names in code. */
export type Flags = Record<string, unknown>

/** What a command does: resolves with the exit code. */
export type Action = (loaded: LoadedConfig, flags: Flags, args: readonly string[]) => Promise<number>

/** The process, as far as commands need it; another one in tests. */
export interface Surroundings {
  write: (text: string) => void
  writeError: (text: string) => void
  /** Resolves when standard output has room again. */
  drained: (signal: AbortSignal) => Promise<void>
  /** Ends the command in order: a signal, or a reader of its output who left. */
  interruption: () => AbortSignal
  /** Takes the exit code. */
  finish: (code: number) => void
  /** The package's lessons and notebooks. */
  lessonsDir: string
  notebooksDir: string
}

/** What the files of this folder add their commands to. */
export interface CommandLine extends Surroundings {
  root: Command
  /** Adds a command with the settings as its options; the empty name is the screen. */
  command: (
    name: string,
    description: string,
    action: Action,
    defaults?: Pick<LoadOptions, 'defaultTarget'>,
  ) => Command
}
