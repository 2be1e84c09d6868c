/** The built program in a terminal with its room open, and phones that come in. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from './browser.ts'
import { BIN, temporaryFolder } from './cli.ts'
import { openTerminal } from './terminal.ts'

export interface Audience {
  /** With the code. */
  url: string
  press(...keys: string[]): void
  phone(options: { width: number; height: number; dark?: boolean }): Promise<{
    page: Page
    problems: string[]
    requests: string[]
  }>
  close(): Promise<void>
}

export async function openAudience(): Promise<Audience> {
  const folder = temporaryFolder()
  const terminal = openTerminal({
    command: process.execPath,
    args: [
      BIN,
      '--data-dir',
      join(folder.path, 'data'),
      '--stations',
      '1',
      '--interval',
      '1h',
      '--audience-host',
      '127.0.0.1',
    ],
    columns: 120,
    rows: 40,
    env: {},
  })
  await terminal.waitFor(
    (screen) => /○ agg/.test(screen.join()) && !/connecting/.test(screen[0] ?? ''),
    30_000,
  )
  for (const key of ['2', '3', '4', '5']) terminal.press(key)
  await terminal.waitFor(/● agg/, 30_000)
  terminal.press('A')
  await terminal.waitFor(/http:\/\/127\.0\.0\.1:\d+\/\w+\//, 30_000)
  const url = /http:\/\/127\.0\.0\.1:\d+\/\w+\//.exec(terminal.screen().join('\n'))?.[0] ?? ''
  let browser: Browser | undefined
  return {
    url,
    press: (...keys) => terminal.press(...keys),
    phone: async ({ width, height, dark = false }) => {
      browser ??= await openBrowser()
      const context = await browser.newContext({
        viewport: { width, height },
        isMobile: true,
        hasTouch: true,
        colorScheme: dark ? 'dark' : 'light',
      })
      const page = await context.newPage()
      const problems: string[] = []
      const requests: string[] = []
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) problems.push(message.text())
      })
      page.on('pageerror', (error) => problems.push(String(error)))
      page.on('request', (request) => requests.push(request.url()))
      await page.goto(url)
      return { page, problems, requests }
    },
    close: async () => {
      await browser?.close()
      await terminal.close()
      folder.remove()
    },
  }
}
