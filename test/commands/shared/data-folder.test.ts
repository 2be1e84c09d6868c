import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { channelPath, serveChannel } from '../../../src/commands/shared/control-channel.ts'
import { openDataFolder } from '../../../src/commands/shared/data-folder.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rtstream-folder-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true, force: true })
})
const modeOf = (path: string) => statSync(path).mode & 0o777

it.skipIf(process.platform === 'win32')('a folder that is ours, or empty, is closed to others', () => {
  for (const [name, file, mode] of [
    ['new', undefined, 0o700],
    ['empty', undefined, 0o700],
    ['ours', 'lock.db', 0o700],
    // Somebody's home, or the temporary folder of the system.
    ['other', 'letter.txt', 0o755],
  ] as const) {
    const dataDir = join(root, name)
    if (name !== 'new') mkdirSync(dataDir)
    if (name !== 'new') chmodSync(dataDir, 0o755)
    if (file) writeFileSync(join(dataDir, file), '')
    openDataFolder({ dataDir, ephemeral: false })
    expect([name, modeOf(dataDir)]).toEqual([name, mode])
  }
})

it('a file is told as one, whatever its rights are', () => {
  const dataDir = join(root, 'file')
  for (const mode of [0o600, 0o700, 0o755]) {
    writeFileSync(dataDir, 'kept')
    chmodSync(dataDir, mode)
    expect(() => openDataFolder({ dataDir, ephemeral: false })).toThrow(
      `The data folder ${dataDir} cannot be written: it is a file.`,
    )
  }
  expect(readFileSync(dataDir, 'utf8')).toBe('kept')
})

it.skipIf(process.platform === 'win32')(
  'a folder for the socket that is a link to elsewhere is refused',
  async () => {
    vi.stubEnv('TMPDIR', root)
    const dataDir = join(root, 'x'.repeat(120))
    const folder = dirname(channelPath(dataDir))
    expect(dirname(folder)).toBe(root)
    mkdirSync(join(root, 'elsewhere'), { mode: 0o755 })
    symlinkSync(join(root, 'elsewhere'), folder)
    await expect(serveChannel(dataDir, () => ({}) as never)).rejects.toThrow('belongs to somebody else')
    expect(modeOf(join(root, 'elsewhere'))).toBe(0o755)
  },
)
