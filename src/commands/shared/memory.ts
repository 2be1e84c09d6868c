/** How much memory V8 may use to save collections. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { codeOfWorker } from '../../local/hosting/worker-thread.ts'
import { releaseHeaps } from '../../local/runtime/heap-release.ts'

/** Events a second from which collections cost more than the memory that they spare. */
const BUSY_RATE = 2000
/** Below this it is calm again: the two apart, so that a rate between them changes nothing. */
const CALM_RATE = 1500
/** After a burst its backlog is worked off first (ms). */
const RELEASE_MS = 15_000

const FIXED_NEW_SPACE = '--semi-space-growth-factor=1'

/**
 * By how much the heap may grow between two full collections (%), and whether the space for new objects may grow. What is in
 * use fits a busy second: at thousands of events a second a small space moves objects on before they die. Buffers of events count
 * as growth, and there are as many bytes of them as of the rest.
 */
const POLICIES = {
  calm: ['--heap-growing-percent=20', FIXED_NEW_SPACE],
  busy: ['--heap-growing-percent=300', '--semi-space-growth-factor=2'],
} as const

/**
 * The space for new objects grows no further from here (bytes, both halves). A larger one is emptied so seldom that the buffers
 * of the dead fill memory, and force full collections. The local services' thread has the same bound (local/hosting/worker-thread.ts).
 */
const LARGE_NEW_SPACE = 32_000_000

/**
 * WebAssembly is compiled again, by the optimizing compiler, only where it pays: function 0 of a module, which is the loop of the lake's
 * checksums (local/data-lake/checksums/crc64-code.ts). In Yoga that is an import, and its largest function is not worth it: compiling
 * that one frees a block of 7 MB, by which the C library learns to keep 15 MB of free memory in each thread's arena
 * (mallopt(3), M_MMAP_THRESHOLD: the threshold is dynamic), for as long as the process lives.
 */
const OPTIMIZED_WASM = '--wasm-tier-up-filter=0'

let release: NodeJS.Timeout | undefined

function follow(policy: keyof typeof POLICIES): void {
  for (const flag of POLICIES[policy]) setFlagsFromString(flag)
}

/** At the end of a burst the memory goes back too. */
function followRate(policy: keyof typeof POLICIES): void {
  follow(policy)
  clearTimeout(release)
  if (policy === 'calm') release = setTimeout(releaseHeaps, RELEASE_MS).unref()
}

/**
 * Keeps the heap near what is in use: a control room runs for hours beside a browser and slides, and its objects live for a
 * second. By itself V8 lets the heap grow to several times that, and each burst leaves it larger. Called once the program is
 * loaded: what loading needs is the size that the space for new objects keeps. The space is small, so one thread empties it
 * sooner than five agree on how to share it. @returns once the local services' thread is loaded too.
 */
export async function keepHeapSmall(): Promise<void> {
  await codeOfWorker()
  setFlagsFromString('--no-parallel-scavenge')
  setFlagsFromString(OPTIMIZED_WASM)
  follow('calm')
}

/** Bytes of this thread's space for new objects, both halves. */
export const newSpaceBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0

function boundNewSpace(): void {
  if (newSpaceBytes() >= LARGE_NEW_SPACE) setFlagsFromString(FIXED_NEW_SPACE)
}

/**
 * Tells by the rate of events, as it comes, which policy holds.
 * @param change carries a policy out.
 * @param whileBusy is called with each rate while it is high.
 */
export function heapPolicy(
  change: (policy: keyof typeof POLICIES) => void = followRate,
  whileBusy: () => void = boundNewSpace,
): (rate: number) => void {
  let isBusy = false
  return (rate) => {
    if (isBusy) whileBusy()
    const becomes = isBusy ? rate >= CALM_RATE : rate >= BUSY_RATE
    if (becomes === isBusy) return
    isBusy = becomes
    change(isBusy ? 'busy' : 'calm')
  }
}
