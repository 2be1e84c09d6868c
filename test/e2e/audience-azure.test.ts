/** The room with `--target azure`, against services on loopback that its settings name: phones are followed there as well. */
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startLocalAzure } from '../../src/local/hosting/host.ts'
import { openAudience } from '../support/audience.ts'
import { settingsFor } from '../support/azure-settings.ts'
import { temporaryFolder } from '../support/cli.ts'
import { dataFolder, localOptions, removeDataFolders } from '../support/local-azure.ts'
import { joinRoom } from '../support/phones.ts'

const WAIT = { timeout: 60_000, interval: 200 }
const folder = temporaryFolder()
afterAll(() => {
  folder.remove()
  removeDataFolders()
})

it('phones are followed to the aggregate on Azure, rubbish to quarantine, and the audience has its line', async () => {
  const azure = await startLocalAzure(localOptions(dataFolder()))
  const room = await openAudience({
    dataDir: join(folder.path, 'data'),
    args: ['--target', 'azure', '--accept-costs', '--stations', '1', '--interval', '1h'],
    env: settingsFor(azure, join(folder.path, 'bin')),
  })
  const phone = await joinRoom(room.url, 0)
  try {
    expect(room.terminal.screen()[0]).toMatch(/rtstream +azure/)
    const good = phone.send()
    const rubbish = phone.send({ rubbish: 'blank city' })
    const twice = phone.send({ twice: true })
    await expect.poll(() => phone.steps.get(good), WAIT).toContain('aggregate')
    await expect.poll(() => phone.steps.get(rubbish), WAIT).toContain('quarantine')
    await expect.poll(() => phone.steps.get(twice), WAIT).toContain('aggregate')
    expect(phone.steps.get(twice)).toContain('duplicate')
    expect(phone.refused).toEqual([])
    room.press('escape')
    await room.terminal.waitFor((screen) => !screen.join('').includes('╭ audience'), 30_000)
    room.press('l')
    await room.terminal.waitFor(/audience +4\b/, 30_000)
    await room.terminal.waitFor(/lost +0/, 30_000)
  } finally {
    phone.close()
    await room.close()
    await azure.close()
  }
}, 180_000)
