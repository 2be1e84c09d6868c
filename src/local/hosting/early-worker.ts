/**
 * Loaded before the program for `serve`, which is ready when its worker is: that thread loads its code while the other reads the command
 * line and the settings.
 */
import { loadWorker } from './worker-thread.ts'

loadWorker()
