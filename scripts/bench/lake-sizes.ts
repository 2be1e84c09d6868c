/** One operation after the other on a lake: put and get of small, middle and large bodies, and a list. */
import type { ContainerClient } from '@azure/storage-blob'

const SIZES = [
  { name: '1 kB', bytes: 1000, times: 40 },
  { name: '1 MB', bytes: 1_000_000, times: 10 },
  { name: '20 MB', bytes: 20_000_000, times: 2 },
]

/** What is timed, in its order; each is told as milliseconds of all its operations. */
export const SIZED = [
  ...SIZES.flatMap(({ name, times }) => [`${times} puts of ${name}`, `${times} gets of ${name}`]),
  'a list of all',
]

/** @param timed runs a piece of work and keeps how long it took under a name. */
export async function sizedRound(
  container: ContainerClient,
  round: number,
  timed: (what: string, work: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  for (const { name, bytes, times } of SIZES) {
    const body = Buffer.alloc(bytes, round)
    const blob = (index: number) => container.getBlockBlobClient(`sized/${round}/${name}/${index}`)
    await timed(`${times} puts of ${name}`, async () => {
      for (let index = 0; index < times; index++)
        await blob(index).uploadData(body, { maxSingleShotSize: 100_000_000 })
    })
    await timed(`${times} gets of ${name}`, async () => {
      for (let index = 0; index < times; index++) {
        const found = await blob(index).downloadToBuffer()
        if (!found.equals(body)) throw new Error('what came back is not what was sent')
      }
    })
    if (name === '20 MB') for (let index = 0; index < times; index++) await blob(index).delete()
  }
  await timed('a list of all', async () => {
    for await (const item of container.listBlobsFlat())
      if (item.name === '') throw new Error('a blob without a name')
  })
}
