import type {Evidence} from '../../../rule.js'
import {number} from '../../../units.js'
import {ACTIVITY, type Cause} from '../cause.js'
import type {DatabaseShare} from '../database-share.js'
import type {Sessions} from '../sessions.js'
import {areAllInUse, areMostlyOthers, MATERIAL_PERCENT, shareText} from '../share.js'

export default {
  id: 'NOT_THE_DATABASE',
  title: 'The requests spent their time outside the database',
  rules: [],
  check(given) {
    const {share, sessions, step} = given.facts
    const {failures, isHealthy, isSlow} = given
    const isOthers = areMostlyOthers(failures)
    if ((!share || !sessions) && !isOthers) {
      return {
        cannotJudge:
          'it takes request rates and latencies of the load generator (--locust, --k6) and samples of the same time',
      }
    }
    const isInnocent = share !== null && share.percent < MATERIAL_PERCENT && !areAllInUse(given.facts)
    const named = failures.groups.find(({verdict}) => verdict === 'not the database')
    const parts = [
      share ? shareText(share) : '',
      failures.notTheDatabase > 0
        ? `${number(failures.notTheDatabase)} of ${number(failures.total ?? 0)} failures are not its doing`
        : '',
    ]
    return {
      // No limit that a healthy run comes near to.
      reached: 0,
      fires: !isHealthy && ((isSlow && isInnocent) || isOthers),
      isMaterial: true,
      summary: parts.filter(Boolean).join('; '),
      confidence: 'measured',
      evidence: [
        ...(share && sessions ? shareEvidence(share, sessions) : []),
        {label: 'requests', value: step.requestsPerSecond ?? 0, unit: 'per second', source: CLIENT},
        {label: 'failures that are not its doing', value: failures.notTheDatabase, unit: 'count', source: CLIENT},
      ],
      look: [
        named
          ? `The code behind ${named.request}: its log, its exceptions, its sessions. A larger max_connections does not help.`
          : 'The application: its log, its exceptions, its processors and workers. A larger max_connections does not help.',
      ],
    }
  },
} satisfies Cause as Cause

const CLIENT = "the load generator's file"

const shareEvidence = (share: DatabaseShare, sessions: Sessions): Evidence[] => [
  {
    label: 'database time per request',
    value: share.databaseMs,
    unit: 'milliseconds',
    source: `${ACTIVITY}, over the requests`,
  },
  {label: share.latencySource, value: share.latencyMs, unit: 'milliseconds', source: CLIENT},
  {label: 'active sessions on average', value: sessions.active / sessions.looks, source: ACTIVITY},
]
