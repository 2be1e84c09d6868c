/** The room as a phone sees it: the built program, its page in a real Chromium at a phone's size. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Audience, openAudience } from '../support/audience.ts'
import { accessibilityProblems, findChromium, overflowOf } from '../support/browser.ts'

const found = findChromium()
if (found === undefined)
  console.warn("Tests of the phones' page are left out: there is no Chromium (apt-get install chromium).")

describe.skipIf(found === undefined)('the room for phones', () => {
  let room: Audience
  beforeAll(async () => {
    room = await openAudience()
  }, 60_000)
  afterAll(() => room?.close())

  it('a phone joins, sends, and sees its reading come to the aggregate; rubbish is quarantined; twice counts once', async () => {
    const { page, problems, requests } = await room.phone({ width: 390, height: 844 })
    await page.getByLabel('Your city').fill('Tromsø')
    await page.getByRole('button', { name: 'Become a station' }).click()
    await page.getByText('You are station phone-0001').waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    const items = page.locator('#events li')
    await expect
      .poll(() => items.first().locator('.text').textContent(), { timeout: 25_000 })
      .toMatch(/counted in the mean of Tromsø/)
    await page.getByText('Send rubbish').click()
    await page.getByRole('button', { name: 'blank city' }).click()
    await expect
      .poll(() => items.first().locator('.text').textContent(), { timeout: 25_000 })
      .toBe('in quarantine: city is missing')
    await page.getByRole('button', { name: 'Send it twice' }).click()
    await expect
      .poll(() => items.first().locator('.text').textContent(), { timeout: 25_000 })
      .toMatch(/counted in the mean.*the copy was dropped/)
    await expect.poll(() => page.locator('#board-total').textContent(), { timeout: 25_000 }).toBe('4')
    expect(await page.locator('#board-lost').textContent()).toBe('0')
    expect(await overflowOf(page)).toBe(0)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(problems).toEqual([])
    expect(requests.filter((url) => !url.startsWith(room.url))).toEqual([])
    await page.reload()
    await page.getByText('You are station phone-0001').waitFor()
    await page.close()
  }, 120_000)

  it('is told when the room closes', async () => {
    const { page } = await room.phone({ width: 360, height: 640, dark: true })
    await page.getByLabel('Your city').fill('Lima')
    await page.getByRole('button', { name: 'Become a station' }).click()
    await page.getByText('You are station phone-0002').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await overflowOf(page)).toBe(0)
    room.press('A')
    await page.getByText('The room is closed').waitFor({ timeout: 25_000 })
  }, 60_000)
})
