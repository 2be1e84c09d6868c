/** A process that holds a data folder, of whose lock it keeps nothing, until it is killed or its parent is gone. */
import { lockDataFolder } from '../../../src/local/storage/data-folder-lock.ts'

lockDataFolder(process.argv[2] ?? '')
// What nobody refers to is collected: the lock must hold all the same.
for (let round = 0; round < 3; round++) {
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
}
process.stdout.write('held\n')
process.stdin.resume()
process.stdin.once('end', () => process.exit())
