/** How much memory V8 may use to save collections. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { codeOfWorker } from '../../local/hosting/worker-thread.ts'
import { FreeMemory } from '../../local/runtime/c-library.ts'
import { releaseHeaps } from '../../local/runtime/heap-release.ts'

/** Events a second from which collections cost more than the memory that they spare. */
const BUSY_RATE = 2000
/** Below this it is calm again: the two apart, so that a rate between them changes nothing. */
const CALM_RATE = 1500
/** Events a second from which compiling pays, and below which it does no longer. */
const LIVELY_RATE = 100
const QUIET_RATE = 50
/** After a burst: once its backlog is worked off, and once its files are made one and what duplicates are looked for in is read again (ms). */
const RELEASE_AFTER_MS = [15_000, 75_000]

const FIXED_NEW_SPACE = '--semi-space-growth-factor=1'

/**
 * V8's second optimizing compiler takes a function after five times as many calls. What it does is not earned back for hours at ten
 * events a second; at a thousand its code is missed. V8 12.4 (Node 22) has no modes, and prints an error for a flag that it does not know.
 */
const HAS_MODES = Number(process.versions.v8.split('.')[0]) >= 13
const EFFICIENT = HAS_MODES ? ['--efficiency-mode'] : []
const SWIFT = HAS_MODES ? ['--no-efficiency-mode'] : []

/**
 * A full collection gives back the pages that it has emptied, and what is free within the others; by itself V8 keeps both for later: at a
 * thousand events a second that is 30 MB, and giving it back costs a sixth more CPU (docs/performance.md, "Where the memory is").
 */
const SAVING = HAS_MODES ? ['--memory-saver-mode'] : []
const KEEPING = HAS_MODES ? ['--no-memory-saver-mode'] : []

/**
 * By how much the heap may grow between two full collections (%), and whether the space for new objects may grow. What is in
 * use fits a busy second: at thousands of events a second a small space moves objects on before they die. Buffers of events count
 * as growth, and there are as many bytes of them as of the rest.
 */
const POLICIES = {
  quiet: ['--heap-growing-percent=20', FIXED_NEW_SPACE, ...EFFICIENT, ...KEEPING],
  calm: ['--heap-growing-percent=40', FIXED_NEW_SPACE, ...SWIFT, ...SAVING],
  busy: ['--heap-growing-percent=300', '--semi-space-growth-factor=2', ...SWIFT, ...KEEPING],
} as const
type Policy = keyof typeof POLICIES

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

let releases: NodeJS.Timeout[] = []

const freeMemory = new FreeMemory()

function follow(policy: Policy): void {
  for (const flag of POLICIES[policy]) setFlagsFromString(flag)
}

/** At the end of a burst the memory goes back too. While hardly any events came nobody asks the C library: there is nothing to gain. */
function followRate(policy: Policy, before: Policy): void {
  follow(policy)
  freeMemory.giveBack(policy === 'quiet' ? 'quiet' : 'lively')
  if (policy === 'busy') for (const release of releases) clearTimeout(release)
  else if (before === 'busy') releases = RELEASE_AFTER_MS.map((ms) => setTimeout(releaseHeaps, ms).unref())
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
  follow('quiet')
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
  change: (policy: Policy, before: Policy) => void = followRate,
  whileBusy: () => void = boundNewSpace,
): (rate: number) => void {
  let current: Policy = 'quiet'
  return (rate) => {
    if (current === 'busy') whileBusy()
    const before = current
    current = policyAt(rate, before)
    if (current !== before) change(current, before)
  }
}

function policyAt(rate: number, before: Policy): Policy {
  if (rate >= (before === 'busy' ? CALM_RATE : BUSY_RATE)) return 'busy'
  return rate >= (before === 'quiet' ? LIVELY_RATE : QUIET_RATE) ? 'calm' : 'quiet'
}
