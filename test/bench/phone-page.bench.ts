/**
 * The phones' page on a slow phone: Chromium with its processor at a quarter and a 3G network, at the size of a phone:
 *   node scripts/build.ts --quiet && node test/bench/phone-page.bench.ts [rounds]
 * Says what was transferred and when something was painted first. The room itself runs beside it.
 */
import { cpus, loadavg } from 'node:os'
import { openAudience } from '../support/audience.ts'

const ROUNDS = Number(process.argv[2] ?? 7)
/** Chromium's "fast 3G": latency (ms), bytes a second down and up. */
const NETWORK = { latency: 150, downloadThroughput: 204_800, uploadThroughput: 86_400, offline: false }
const SLOWER = 4

const room = await openAudience()
try {
  const paints: number[] = []
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { page } = await room.phone({ width: 390, height: 844 })
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.setCacheDisabled', { cacheDisabled: true })
    await session.send('Network.emulateNetworkConditions', NETWORK)
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
    bytes = 0
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength
    })
    await page.goto(room.url, { waitUntil: 'networkidle' })
    const paint = await page.evaluate<number>(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1",
    )
    paints.push(paint)
    await page.context().close()
  }
  paints.sort((a, b) => a - b)
  console.log(
    [
      `Made by \`node test/bench/phone-page.bench.ts\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${cpus()[0]?.model.trim()}, load ${loadavg()[0]?.toFixed(1)}.`,
      '',
      `| the page on a slow phone (processor ×${SLOWER} slower, 3G: ${NETWORK.latency} ms, ${(NETWORK.downloadThroughput * 8) / 1e6} Mbit/s) | |`,
      '|---|---|',
      `| transferred, headers included | ${(bytes / 1000).toFixed(1)} kB |`,
      `| first paint of content: median, longest of ${ROUNDS} | ${Math.round(paints[Math.floor(ROUNDS / 2)] ?? 0)} ms, ${Math.round(paints.at(-1) ?? 0)} ms |`,
    ].join('\n'),
  )
} finally {
  await room.close()
}
