/** Every change that is tried. */

import { AZURE_TRUTH } from './azure-truth.ts'
import type { Mutation } from './mutation.ts'
import { OTHER_WRITERS } from './other-writers.ts'
import { PIPELINE } from './pipeline.ts'
import { RECORDED_FORMS } from './recorded-forms.ts'
import { RELIABILITY } from './reliability.ts'
import { SCREEN } from './screen.ts'
import { SERVICES } from './services.ts'
import { WIRE_FORMS } from './wire-forms.ts'

export const MUTATIONS: readonly Mutation[] = [
  ...PIPELINE,
  ...SERVICES,
  ...AZURE_TRUTH,
  ...OTHER_WRITERS,
  ...WIRE_FORMS,
  ...RECORDED_FORMS,
  ...RELIABILITY,
  ...SCREEN,
]
