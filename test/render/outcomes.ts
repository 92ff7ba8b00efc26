import type {Outcome} from '../../src/render/outcome.js'
import {HOSTILE, poisoned} from './hostile.js'
import {finding, report, result, sampleReport} from './sample.js'

export const of = (part: Partial<Outcome> = {}): Outcome => ({report: sampleReport(), snapshot: null, ...part})

/** Every text carries what its sink must not obey. */
export const hostile = (): Outcome => of({name: `n ${HOSTILE}`, report: poisoned(sampleReport())})

export const down: Outcome = {
  name: 'dead',
  report: null,
  snapshot: null,
  error: {code: 'REFUSED', message: `nothing accepts connections | ${HOSTILE}`},
}

/** One rule with so many findings. */
export const crowded = (count: number, severity: 'high' | 'low' = 'low'): Outcome =>
  of({
    report: report([
      result('indexes/duplicate', {
        status: 'found',
        findings: Array.from({length: count}, (_, at) =>
          finding('indexes/duplicate', {subject: `"public"."i${at}"`, title: `"i${at}" is a duplicate`, severity}),
        ),
      }),
    ]),
  })
