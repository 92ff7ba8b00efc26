// Written by `npm run generate` from the files beside it; never edited.
import type {Rule} from '../rule.js'
import connectionsExhaustion from './connections/exhaustion.js'
import observabilityIoTiming from './observability/io-timing.js'

export const rules: readonly Rule[] = [connectionsExhaustion, observabilityIoTiming] as unknown as readonly Rule[]
