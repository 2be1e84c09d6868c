/** A real Chromium for tests of pages. It loads no address but files and what the page brings along. */
import { execFileSync } from 'node:child_process'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Path of the program; undefined: there is none (Debian: apt-get install chromium). */
export function findChromium(): string | undefined {
  const given = process.env.CHROMIUM_PATH
  if (given !== undefined) return given
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    } catch {
      // Not this one.
    }
  }
  return undefined
}

/** Close it. @throws Error when there is no Chromium. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium: apt-get install chromium')
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

export interface SeenPage {
  page: Page
  /** Errors and warnings of the console, failed requests, uncaught errors. */
  problems: string[]
  /** Addresses that were asked for beside the page itself. */
  requests: string[]
}

/** @param content HTML. */
export async function showPage(
  browser: Browser,
  content: string,
  options: { width: number; height?: number; dark?: boolean },
): Promise<SeenPage> {
  const { width, height = 900, dark = false } = options
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  })
  const problems: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (request) => {
    if (!/^(data|about):/.test(request.url())) requests.push(request.url())
  })
  await page.setContent(content, { waitUntil: 'load' })
  return { page, problems, requests }
}

/** Pixels by which the page is wider than its window. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

/** What axe-core finds: `rule: element`, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
    'axe.run()',
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
