/** How much memory V8 takes for the sake of fewer collections. */
import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the heap near what is in use: a control room runs for hours beside a browser and slides, and its objects live for a
 * second. By itself V8 lets the heap grow to several times that, and each burst leaves it larger. Called once the program is
 * loaded: what loading needs is the size that the space for new objects keeps.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=20')
}
