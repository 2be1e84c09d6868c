/** The room as a phone sees it: the built program, its page in a real Chromium at a phone's size. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Audience, openAudience } from '../support/audience.ts'
import { accessibilityProblems, findChromium, overflowOf } from '../support/browser.ts'
import { BIN, cli } from '../support/cli.ts'
import { joinRoom } from '../support/phones.ts'

const found = findChromium()
if (found === undefined)
  console.warn("Tests of the phones' page are left out: there is no Chromium (apt-get install chromium).")

const WAIT = { timeout: 25_000 }
const MOST_BYTES = 40_000

/** Sizes of phones, from a small old one to a large one on its side. */
const SIZES = [
  { width: 320, height: 568 },
  { width: 390, height: 844 },
  { width: 844, height: 390 },
]

/** What a phone is told of each kind of rubbish in the end. */
const BECOMES = {
  'temperature out of range': /in quarantine: temperature/,
  'humidity out of range': /in quarantine: humidity/,
  'blank city': /in quarantine: city is missing/,
  'bad timestamp': /in quarantine: timestamp/,
  'missing eventId': /counted in the mean of Bern|in quarantine/,
  'not JSON': /the job rejected it/,
}

/** In the browser: whether the name in an element ends, by its pixels, before the first digit behind it begins. */
const nameIsFirst = (page: Page, selector: string) =>
  page.evaluate(`(() => {
    const places = (wanted) => {
      const found = []
      const walker = document.createTreeWalker(document.querySelector('${selector}'), NodeFilter.SHOW_TEXT)
      while (walker.nextNode())
        for (const [at, character] of [...walker.currentNode.data].entries()) {
          if (!wanted.test(character)) continue
          const range = document.createRange()
          range.setStart(walker.currentNode, at)
          range.setEnd(walker.currentNode, at + 1)
          found.push(range.getBoundingClientRect())
        }
      return found
    }
    const name = places(/\\p{Script=Arabic}/u).map(({ right }) => right)
    const digits = places(/\\d/).map(({ left }) => left)
    return name.length > 0 && Math.max(...name) <= Math.min(...digits)
  })()`)

const newest = (page: Page) => page.locator('#events li').first().locator('.text').textContent()
const command = (room: Audience, words: string) => room.press(':', ...words, 'enter')

it('the page is no more than 40 kB in all, and names nothing elsewhere', () => {
  const folder = join(dirname(BIN), 'audience')
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  expect(files).toHaveLength(3)
  expect(files.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(MOST_BYTES)
  for (const file of files) expect(file.toString()).not.toMatch(/https?:\/\/|\/\/cdn|@import/)
})

describe.skipIf(found === undefined)('the room for phones', () => {
  let room: Audience
  beforeAll(async () => {
    room = await openAudience()
  }, 120_000)
  afterAll(() => room?.close())

  async function enter(options: { width: number; height: number; dark?: boolean }, city: string) {
    const phone = await room.phone(options)
    await phone.page.getByLabel('Your city').fill(city)
    await phone.page.getByRole('button', { name: 'Become a station' }).click()
    await phone.page.getByText('You are station').waitFor()
    return phone
  }

  it('a phone joins, sends, and sees its reading come to the aggregate; rubbish is quarantined; twice counts once', async () => {
    const { page, problems, requests } = await room.phone({ width: 390, height: 844 })
    await page.getByRole('combobox', { name: 'Your name' }).selectOption('Otter')
    await page.getByLabel('Your city').fill('Tromsø')
    expect(await accessibilityProblems(page)).toEqual([])
    await page.getByRole('button', { name: 'Become a station' }).click()
    await page.getByText('You are station phone-0001').waitFor()
    await page.getByRole('heading', { name: 'Otter' }).waitFor()
    // The button that had the focus is gone.
    expect(await page.evaluate('document.activeElement.id')).toBe('title')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await expect.poll(() => newest(page), WAIT).toMatch(/counted in the mean of Tromsø/)
    expect(await page.locator('#events li').first().locator('.steps .done').count()).toBe(5)
    await page.getByText('Send rubbish').click()
    await page.getByRole('button', { name: 'blank city' }).click()
    await expect.poll(() => newest(page), WAIT).toBe('in quarantine: city is missing')
    expect(await page.locator('#events li').first().locator('.steps .refused').textContent()).toBe('silver')
    await page.getByRole('button', { name: 'Send it twice' }).click()
    await expect.poll(() => newest(page), WAIT).toMatch(/counted in the mean.*the copy was dropped/)
    await expect.poll(() => page.locator('#board-total').textContent(), WAIT).toBe('4')
    await expect.poll(() => page.locator('#board-quarantined').textContent(), WAIT).toBe('Otter 1')
    await expect.poll(() => page.locator('#board-warmest').textContent(), WAIT).toMatch(/Tromsø \d+\.\d °C/)
    // However narrow it is, a number keeps its unit.
    const lines = await page.evaluate(`(() => {
      const place = document.querySelector('#board-warmest')
      place.style.width = '4rem'
      return place.querySelector('.whole').getClientRects().length
    })()`)
    expect(lines).toBe(1)
    expect(await page.locator('#board-lost').textContent()).toBe('0')
    expect(await accessibilityProblems(page)).toEqual([])
    expect(problems).toEqual([])
    expect(requests.filter((url) => !url.startsWith(room.url))).toEqual([])
    await page.reload()
    await page.getByText('You are station phone-0001').waitFor()
    await page.close()
  }, 120_000)

  it('a second tap while it joins makes no second station', async () => {
    const { page } = await room.phone({ width: 390, height: 844 })
    const joins: string[] = []
    page.on('request', (request) => request.url().endsWith('/join') && joins.push(request.url()))
    await page.getByLabel('Your city').fill('Basel')
    await page.evaluate("for (let tap = 0; tap < 3; tap++) document.querySelector('#join button').click()")
    await page.getByText('You are station').waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await expect.poll(() => newest(page), WAIT).toMatch(/counted in the mean of Basel/)
    expect(joins).toHaveLength(1)
    await page.close()
  }, 60_000)

  it('rubbish of each kind is told what became of it', async () => {
    const { page } = await enter({ width: 390, height: 844 }, 'Bern')
    await page.getByText('Send rubbish').click()
    for (const kind of Object.keys(BECOMES)) await page.getByRole('button', { name: kind }).click()
    for (const [kind, said] of Object.entries(BECOMES)) {
      const item = page.locator('#events li', { hasText: kind })
      await expect.poll(() => item.locator('.text').textContent(), WAIT).toMatch(said)
    }
    await page.close()
  }, 90_000)

  it('a city that is written from the right stands before its numbers', async () => {
    const { page } = await enter({ width: 390, height: 844 }, 'القاهرة')
    await page.getByLabel('Temperature').fill('45')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await expect.poll(() => page.locator('#board-warmest').textContent(), WAIT).toBe('القاهرة 45.0 °C')
    for (const place of ['#events li .reading span', '#board-warmest'])
      expect(await nameIsFirst(page, place), place).toBe(true)
    await page.close()
  }, 60_000)

  it('is used with keys alone, and a storm is ten', async () => {
    const { page } = await room.phone({ width: 390, height: 844 })
    await page.getByRole('combobox', { name: 'Your name' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.type('Lima')
    await page.keyboard.press('Enter')
    await page.getByText('You are station').waitFor()
    await page.getByLabel('Temperature').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('#temperature-out').textContent()).toBe('-29 °C')
    await page.getByRole('button', { name: 'Storm' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('#events li').count(), WAIT).toBe(10)
    await expect
      .poll(() => page.locator('#events .text', { hasText: 'counted in the mean of Lima' }).count(), WAIT)
      .toBe(10)
    await page.close()
  }, 60_000)

  it('fits every phone, dark and light, without movement for those who want none', async () => {
    const { page } = await enter({ width: 390, height: 844 }, 'Llanfairpwllgwyngyllgogerychwyrndrobwlll')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    // A name without a place to break it, as long as one may be.
    await page
      .locator('#events li')
      .getByText(/counted in the mean of Llanfair/)
      .waitFor()
    await page.evaluate("document.getElementById('title').textContent = 'W'.repeat(20)")
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await accessibilityProblems(page), colorScheme).toEqual([])
      for (const size of SIZES) {
        await page.setViewportSize(size)
        const where = `${size.width}×${size.height} ${colorScheme}`
        expect(await overflowOf(page), where).toBe(0)
        const send = await page.getByRole('button', { name: 'Send', exact: true }).boundingBox()
        expect(send?.height, where).toBeGreaterThanOrEqual(44)
      }
    }
    const duration = "getComputedStyle(document.querySelector('.steps span')).transitionDuration"
    expect(await page.evaluate(duration)).toBe('0s')
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    expect(await page.evaluate(duration)).not.toBe('0s')
    await page.close()
  }, 60_000)

  it('sends nothing for a city that is none, says what one is, and goes on once it is one', async () => {
    const { page } = await enter({ width: 390, height: 844 }, 'Graz')
    const city = page.getByLabel('City', { exact: true })
    for (const wrong of ['', 'Graz 2']) {
      await city.fill(wrong)
      await page.getByRole('button', { name: 'Storm' }).click()
      await page.getByText('A city has letters and no digits').waitFor()
      expect(await city.evaluate('document.activeElement.id')).toBe('city')
      expect(await city.getAttribute('aria-invalid')).toBe('true')
      expect(await accessibilityProblems(page)).toEqual([])
    }
    expect(await page.locator('#events li').count()).toBe(0)
    await city.fill(' Graz ')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await expect.poll(() => newest(page), WAIT).toMatch(/counted in the mean of Graz/)
    expect(await page.locator('#notice').textContent()).toBe('')
    expect(await city.getAttribute('aria-invalid')).toBe('false')
    // What the room says of readings that wait does not take its place.
    for (let storm = 0; storm < 3; storm++) await page.getByRole('button', { name: 'Storm' }).click()
    await city.fill('')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.waitForResponse((answer) => answer.status() === 429)
    expect(await page.locator('#notice').textContent()).toMatch(/^A city has letters/)
    await page.close()
  }, 60_000)

  it('offline keeps what is sent, and sends it once when the network is back', async () => {
    const { page } = await enter({ width: 390, height: 844 }, 'Quito')
    const rows = async () => {
      const sql = "SELECT count(*)::INT AS n FROM bronze WHERE line LIKE '%Quito%'"
      const { lines } = await cli(['sql', sql, '--json', '--data-dir', room.dataDir])
      return (JSON.parse(lines[0] ?? '{}') as { n?: number }).n
    }
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('What you sent is kept and sent again').waitFor()
    expect(await newest(page)).toBe('on its way')
    await page.context().setOffline(false)
    await expect.poll(() => newest(page), WAIT).toMatch(/counted in the mean of Quito/)
    await expect.poll(() => page.locator('#notice').textContent(), WAIT).toBe('')
    // In bronze, where a second one would stand too.
    expect(await rows()).toBe(1)
    await page.close()
  }, 60_000)

  it('does what the presenter decides: pause, no mischief, names, removal', async () => {
    const { page } = await enter({ width: 390, height: 844 }, 'Perth')
    const send = page.getByRole('button', { name: 'Send', exact: true })
    command(room, 'pause the room')
    await page.getByText('The presenter has paused the room.').waitFor()
    expect(await send.isDisabled()).toBe(true)
    // Told wherever one has scrolled to.
    await page.setViewportSize({ width: 390, height: 400 })
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)')
    const notice = await page.getByText('The presenter has paused the room.').boundingBox()
    expect(notice?.y).toBeGreaterThanOrEqual(0)
    expect(notice?.y).toBeLessThan(400)
    command(room, 'pause the room')
    await expect.poll(() => send.isDisabled(), WAIT).toBe(false)
    command(room, 'allow phones mischief')
    await expect.poll(() => page.getByText('Send rubbish').isVisible(), WAIT).toBe(false)
    command(room, 'allow phones mischief')
    await expect.poll(() => page.getByText('Send rubbish').isVisible(), WAIT).toBe(true)
    command(room, 'names of their own')
    // A page that is loaded before offers animals alone.
    await room.terminal.waitFor(/Phones may type names of their own/, 25_000)
    const own = await room.phone({ width: 390, height: 844 })
    await own.page.getByRole('textbox', { name: 'Your name' }).fill('<img src=x onerror=alert(1)>')
    await own.page.getByLabel('Your city').fill('Perth 6000')
    await own.page.getByRole('button', { name: 'Become a station' }).click()
    await own.page.getByText('A name has letters and digits').waitFor()
    await own.page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await own.page.getByRole('button', { name: 'Become a station' }).click()
    await own.page.getByText('A city has letters and no digits').waitFor()
    await own.page.getByLabel('Your city').fill('Perth')
    await own.page.getByRole('button', { name: 'Become a station' }).click()
    await own.page.getByRole('heading', { name: 'Ada' }).waitFor()
    command(room, 'clear the names')
    await expect.poll(() => own.page.locator('#title').textContent(), WAIT).not.toBe('Ada')
    const name = (await own.page.locator('#title').textContent()) ?? ''
    command(room, 'remove a phone')
    // What follows a command in the same read is taken for pasted text: a person sees the question first.
    await room.terminal.waitFor(/Its name, or how it begins/, 25_000)
    // The phone knows its new name before the screen does: removed is who the question offers.
    room.press(...name)
    await room.terminal.waitFor(new RegExp(`│ ${name} +│`), 25_000)
    room.press('enter')
    await own.page.getByText('has taken this phone out of the room').waitFor()
    expect(await own.page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
    await own.page.close()
    await page.close()
  }, 90_000)

  it('what a phone types is data: in the tables to the letter, in the log without control characters', async () => {
    const phone = await joinRoom(room.url, 1)
    const city = "L'Aquila"
    const id = phone.send({ city })
    const attacks = ["x'; DROP VIEW gold; --", 'Bern\u001b]0;x\u0007', 'Bern\r\n{"level":60}', '<b>Bern</b>']
    await expect.poll(() => phone.steps.get(id), WAIT).toContain('aggregate')
    const refused = attacks.map((text) => phone.send({ city: text }))
    await expect.poll(() => phone.refused.length, WAIT).toBe(attacks.length)
    for (const one of refused) expect(phone.steps.get(one)).toEqual([])
    const sql = `SELECT city FROM gold WHERE eventId = '${id}'`
    const { lines } = await cli(['sql', sql, '--json', '--data-dir', room.dataDir])
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ city }])
    const log = readFileSync(join(room.dataDir, 'logs', 'rtstream-tui.log'), 'utf8')
    // Each line is one entry of the program's own.
    for (const line of log.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('pid')
    expect(log.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    phone.close()
  }, 60_000)

  it('is told when the room closes', async () => {
    const { page } = await enter({ width: 360, height: 640, dark: true }, 'Lima')
    await room.terminal.waitFor(/./)
    room.press('A')
    await room.terminal.waitFor(/╭ audience/, 25_000)
    room.press('A')
    await page.getByText('The room is closed').waitFor({ timeout: 25_000 })
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
  }, 60_000)
})
