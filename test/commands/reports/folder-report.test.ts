import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { reportOfFolder } from '../../../src/commands/reports/folder-report.ts'
import { UserError } from '../../../src/commands/shared/user-error.ts'
import type { Config } from '../../../src/config/schema.ts'

// Nothing is forbidden to the user that a container runs its tests as.
vi.mock('../../../src/commands/shared/data-folder.ts', () => ({
  openDataFolder: () => {
    const cause = Object.assign(new Error(), { code: 'EROFS' })
    throw new UserError('The data folder cannot be written (EROFS).', 'Use --ephemeral.', { cause })
  },
}))

it('a folder that cannot be written is to be copied: an empty one, as elsewhere, has nothing to report', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rtstream-read-only-'))
  mkdirSync(join(dataDir, 'lake'))
  const config = { dataDir, target: 'local', logLevel: 'silent' } as Config
  await expect(reportOfFolder(config, new AbortController().signal)).rejects.toMatchObject({
    message: 'The data folder cannot be written (EROFS).',
    hint: expect.stringMatching(/copy it to where you may write, and name the copy with --data-dir/),
  })
  rmSync(dataDir, { recursive: true })
})
