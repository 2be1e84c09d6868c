/** A process that holds a data folder until it is killed. */
import { lockDataFolder } from '../../../src/local/data-folder-lock.ts'

lockDataFolder(process.argv[2] ?? '')
process.stdout.write('held\n')
setInterval(() => {}, 60_000)
