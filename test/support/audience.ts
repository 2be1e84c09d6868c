/** The built program in a terminal with its room open, and phones that come in. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from './browser.ts'
import { BIN, temporaryFolder } from './cli.ts'
import { openTerminal, type Terminal } from './terminal.ts'

const ROOM = /http:\/\/127\.0\.0\.1:\d+\/\w+\//

export interface Audience {
  /** With the code. */
  url: string
  terminal: Terminal
  dataDir: string
  press(...keys: string[]): void
  phone(options: { width: number; height: number; dark?: boolean }): Promise<{
    page: Page
    problems: string[]
    requests: string[]
  }>
  close(): Promise<void>
}

export interface AudienceOptions {
  /** Undefined: one of its own, removed at the end. */
  dataDir?: string
  args?: readonly string[]
  rows?: number
  env?: Record<string, string>
}

/** All stages but the generator run, and the room is open. */
export async function openAudience(options: AudienceOptions = {}): Promise<Audience> {
  const folder = options.dataDir === undefined ? temporaryFolder() : undefined
  const dataDir = options.dataDir ?? join(folder?.path ?? '', 'data')
  const terminal = openTerminal({
    command: process.execPath,
    args: [
      BIN,
      '--data-dir',
      dataDir,
      ...(options.args ?? ['--stations', '1', '--interval', '1h']),
      '--audience',
      '--audience-host',
      '127.0.0.1',
    ],
    columns: 120,
    rows: options.rows ?? 40,
    env: options.env ?? {},
  })
  await terminal.waitFor(ROOM, 60_000)
  const url = ROOM.exec(terminal.screen().join('\n'))?.[0] ?? ''
  for (const key of ['2', '3', '4', '5']) terminal.press(key)
  await terminal.waitFor(/● agg/, 60_000)
  let browser: Browser | undefined
  return {
    url,
    terminal,
    dataDir,
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
      folder?.remove()
    },
  }
}
