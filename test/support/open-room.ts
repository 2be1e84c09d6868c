/** A room for phones as the screen is told of it. */
import type { AudienceSlice } from '../../src/pipeline/state/state.ts'

export const ROOM = {
  phase: 'open',
  addresses: [],
  url: 'http://10.0.0.5:1234/MKBYBSMHFB/',
  code: 'MKBYBSMHFB',
  qr: [],
  phones: 3,
  connected: 3,
  names: ['Otter', 'Owl', 'Lynx'],
  acknowledged: 0,
  rate: 0,
  senders: [],
  rules: { isMischiefAllowed: true, readingsPerSecond: 5, isPaused: false, hasOwnNames: false },
} as const satisfies AudienceSlice
