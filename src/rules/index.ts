// Written by `npm run generate` from the files beside it; never edited.
import type {Rule} from '../rule.js'
import observabilityIoTiming from './observability/io-timing.js'

export const rules: readonly Rule[] = [observabilityIoTiming] as unknown as readonly Rule[]
