import {number} from '../../../units.js'
import {ACTIVITY, type Case, type Cause, explainedBy, LEAST_SESSIONS, NO_SESSIONS} from '../cause.js'
import {waitingIn} from '../database-share.js'
import {areAllInUse} from '../share.js'

/** Of the time in which connections are in use. */
const IDLE_PERCENT = 50
/** From here on the connections that are held are missed elsewhere. */
const SCARCE_PERCENT = 80

export default {
  id: 'LONG_TRANSACTIONS',
  title: 'Transactions were open while nothing ran in them',
  rules: [
    'sessions/idle-in-transaction',
    'timeouts/idle-in-transaction',
    'sessions/long-transaction',
    'pooler/idle-transaction-timeout',
  ],
  check(given) {
    const {sessions, run} = given.facts
    if (!sessions) return NO_SESSIONS
    const {active, idleInTransaction, looks, total} = sessions
    const busy = active + idleInTransaction
    const failed = explainedBy(given, 'LONG_TRANSACTIONS')
    const percent = busy > 0 ? (idleInTransaction / busy) * 100 : 0
    const oldest = Math.max(0, ...run.activity.map(({oldestTransaction}) => oldestTransaction ?? 0))
    const isEnough = busy >= LEAST_SESSIONS
    return {
      reached: failed > 0 ? Math.max(1, percent / IDLE_PERCENT) : isEnough ? percent / IDLE_PERCENT : 0,
      fires: failed > 0 || (isEnough && percent > IDLE_PERCENT),
      isMaterial: failed > 0 || isMissed(given),
      summary:
        `${number(Math.round(percent))} % of the connections in use were idle in a transaction ` +
        `(${number(idleInTransaction / looks)} on average, ${number(active / looks)} active)`,
      confidence: 'measured',
      evidence: [
        {label: 'idle in transaction, of the connections in use', value: percent, unit: 'percent', source: ACTIVITY},
        {
          label: 'connections in use, of those open',
          value: total > 0 ? (busy / total) * 100 : 0,
          unit: 'percent',
          source: ACTIVITY,
        },
        {label: 'oldest transaction', value: oldest, unit: 'seconds', source: ACTIVITY},
      ],
      look: [
        'End the transaction before calls to other services, rendering, files and sleeps: ATOMIC_REQUESTS wraps whole requests.',
        'If the application computes meanwhile, its processors are the limit, not the connections.',
      ],
    }
  },
} satisfies Cause as Cause

/** Connections that are held for nothing harm when somebody waits for one, or for their locks. */
function isMissed({facts}: Case): boolean {
  const {sessions, run, connections} = facts
  if (run.pools.some(sample => waitingIn(sample) > 0) || (connections?.percent ?? 0) >= SCARCE_PERCENT) return true
  // With none left, requests queue inside the application.
  return (sessions?.lockWaits ?? 0) >= LEAST_SESSIONS || areAllInUse(facts)
}
