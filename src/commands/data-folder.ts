import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from './user-error.ts'

export interface DataFolder {
  path: string
  ephemeral: boolean
  /** Removes a temporary folder; leaves any other alone. */
  release(): void
}

/**
 * Makes the folder that holds the hub, the lake, the state and the log, readable by its user only.
 * @throws UserError when it cannot be made or written.
 */
export function openDataFolder(options: { dataDir: string; ephemeral: boolean }): DataFolder {
  const { dataDir, ephemeral } = options
  if (ephemeral) {
    const path = mkdtempSync(join(tmpdir(), 'rtstream-tui-'))
    return { path, ephemeral, release: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
  }
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new UserError(
      `The data folder ${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code ?? error}).`,
      'Choose another with --data-dir, or use --ephemeral for a temporary one.',
      { cause: error },
    )
  }
  return { path: dataDir, ephemeral, release: () => {} }
}
