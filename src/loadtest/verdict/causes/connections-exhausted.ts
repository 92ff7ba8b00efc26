import type {Evidence} from '../../../rule.js'
import {number} from '../../../units.js'
import {type Cause, explainedBy} from '../cause.js'
import {meaningOf} from '../messages.js'
import {FULL_PERCENT} from '../moments.js'

export default {
  id: 'CONNECTIONS_EXHAUSTED',
  title: "The server's connections were used up",
  rules: ['pooler/bypass', 'connections/exhaustion', 'connections/saturation', 'connections/churn'],
  check(given) {
    const {connections, run} = given.facts
    const refused = run.refusals.filter(
      ({message, sqlstate}) => meaningOf(message, sqlstate)?.cause === 'CONNECTIONS_EXHAUSTED',
    ).length
    const failed = explainedBy(given, 'CONNECTIONS_EXHAUSTED')
    if (!connections && refused + failed === 0)
      return {cannotJudge: 'neither the connections nor their limit were seen'}
    const percent = connections?.percent ?? 100
    const isTold = given.failures.groups.some(
      ({cause, confidence}) => cause === 'CONNECTIONS_EXHAUSTED' && confidence === 'measured',
    )
    const isProven = refused > 0 || failed > 0
    const peak = connections ? `${connections.peak} of ${connections.usable} usable connections` : 'connections'
    return {
      reached: Math.max(percent / FULL_PERCENT, isProven ? 1 : 0),
      fires: isProven || percent >= FULL_PERCENT,
      isMaterial: isProven,
      summary: isProven
        ? `${peak} at the peak; ${number(refused)} refusals were recorded, ${number(failed)} failed requests go with it`
        : `${peak} at the peak, but no connection was refused and no failure goes with it: it has cost nothing yet`,
      confidence: refused > 0 || isTold ? 'measured' : 'estimated',
      evidence: [
        ...(connections ? peakEvidence(connections.percent) : []),
        {label: 'refusals recorded', value: refused, unit: 'count', source: 'the run file, SQLSTATE 53300'},
        {label: 'failed requests that go with it', value: failed, unit: 'count', source: "the load generator's file"},
      ],
      look: [
        'Does the application go round the pooler? Then raising max_connections only moves the limit.',
        'ahsp-db capacity --users N works out the sizes that fit each other.',
      ],
    }
  },
} satisfies Cause as Cause

const peakEvidence = (percent: number): Evidence[] => [
  {
    label: 'usable connections taken at the peak',
    value: percent,
    unit: 'percent',
    source: 'pg_stat_activity, each second',
  },
]
