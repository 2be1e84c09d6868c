/**
 * The picture of the room: the built program's screen and a phone's page, side by side, while phones send. A live run, drawn by
 * Chromium into `docs/pictures/room.png`; look at it before it is committed:
 *   node scripts/build.ts --quiet && node scripts/room-picture.ts
 */
import { join } from 'node:path'
import { openAudience } from '../test/support/audience.ts'
import { openBrowser } from '../test/support/browser.ts'
import { joinRoom, type SimulatedPhone } from '../test/support/phones.ts'
import { screenshot } from '../test/support/svg.ts'

const FILE = join(import.meta.dirname, '../docs/pictures/room.png')
const PHONE = { width: 390, height: 844 }
const OTHERS = 12
const SEND_EVERY_MS = 700
const PATIENCE_MS = 30_000

const room = await openAudience({ args: ['--stations', '200', '--interval', '10s'], rows: 36 })
const phones: SimulatedPhone[] = []
let sending: NodeJS.Timeout | undefined
try {
  room.press('1')
  await room.terminal.waitFor(/● gen/, PATIENCE_MS)
  const { page } = await room.phone({ ...PHONE, dark: true })
  await page.getByLabel('Your city').fill('Tromsø')
  await page.getByRole('button', { name: 'Become a station' }).click()
  for (let number = 0; number < OTHERS; number++) phones.push(await joinRoom(room.url, number))
  let turn = 0
  sending = setInterval(() => phones[turn++ % OTHERS]?.send(), SEND_EVERY_MS)
  const last = page.locator('#events li').first()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await last.getByText(/counted in the mean/).waitFor({ timeout: PATIENCE_MS })
  await page.getByText('Send rubbish').click()
  await page.getByRole('button', { name: 'temperature out of range' }).click()
  await page.getByText('Send rubbish').click()
  await last.getByText(/in quarantine/).waitFor({ timeout: PATIENCE_MS })
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await last.getByText(/in silver|in gold|counted/).waitFor({ timeout: PATIENCE_MS })
  await room.terminal.waitFor(
    (screen) => / · /.test(screen[1] ?? '') && /balanced|in flight/.test(screen[0] ?? ''),
    PATIENCE_MS,
  )
  const screen = screenshot(room.terminal, 'The screen of the presenter', 'dark')
  const phone = (await page.screenshot({ fullPage: false })).toString('base64')
  const browser = await openBrowser()
  try {
    const sheet = await browser.newPage({ viewport: { width: 1500, height: 760 } })
    await sheet.setContent(sheetOf(screen, phone))
    await sheet.locator('main').screenshot({ path: FILE })
  } finally {
    await browser.close()
  }
  console.log(FILE)
} finally {
  clearInterval(sending)
  for (const phone of phones) phone.close()
  await room.close()
}

function sheetOf(screen: string, phone: string): string {
  return `<!doctype html><style>
    body { margin: 0; background: #e9edf2; }
    main { display: flex; gap: 28px; align-items: center; padding: 24px; width: max-content; background: #e9edf2; }
    svg rect { shape-rendering: crispEdges; }
    svg { display: block; width: 1080px; height: auto; }
    img { display: block; width: 320px; border: 10px solid #14181f; border-radius: 34px; }
  </style><main>${screen}<img alt="" src="data:image/png;base64,${phone}"></main>`
}
