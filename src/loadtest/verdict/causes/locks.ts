import {number} from '../../../units.js'
import {ACTIVITY, type Cause, explainedBy, LEAST_SESSIONS, NO_SESSIONS} from '../cause.js'
import {findingsFor} from '../facts.js'
import type {Sessions} from '../sessions.js'

/** Of the active sessions. */
const LOCK_PERCENT = 20

export default {
  id: 'LOCKS',
  title: 'Sessions waited for locks',
  rules: ['queries/session-table', 'sessions/blocked', 'queries/deadlocks', 'timeouts/lock'],
  check(given) {
    const {sessions} = given.facts
    if (!sessions) return NO_SESSIONS
    const {active, lockWaits, blocked, statements} = sessions
    const failed = explainedBy(given, 'LOCKS')
    const percent = active > 0 ? (lockWaits / active) * 100 : 0
    const reached = active >= LEAST_SESSIONS ? percent / LOCK_PERCENT : 0
    const known = findingsFor(given.facts, ['queries/session-table']).map(({subject}) => subject)
    const store = sessionStore(sessions, known)
    const where = blocked[0] ? `, most of them at ${blocked[0].relation}` : ''
    return {
      reached: Math.max(reached, failed > 0 ? 1 : 0),
      fires: reached >= 1 || failed > 0,
      ...(failed > 0 ? {isMaterial: true} : {}),
      summary: `${number(Math.round(percent))} % of the active sessions waited for a lock${where}`,
      confidence: 'measured',
      evidence: [
        {label: 'waiting for a lock, of the active sessions', value: percent, unit: 'percent', source: ACTIVITY},
        ...blocked.slice(0, 3).map(({relation, count}) => ({
          label: 'waits seen',
          value: `${count} at ${relation}`,
          source: 'pg_locks, each second',
        })),
        ...(statements[0] ? [{label: 'most frequent statement', value: statements[0].text, source: ACTIVITY}] : []),
      ],
      look: store
        ? [`${store} keeps web sessions: move them to a cache (Redis), so that logins do not wait for each other.`]
        : ['The statement that is seen most: which rows do all requests change, and how early in their transaction?'],
    }
  },
} satisfies Cause as Cause

/** A row's lock has no relation: then the statement that waits names the table. */
function sessionStore({blocked, statements}: Sessions, known: string[]): string | null {
  const relation = blocked.find(each => /\bdjango_session\b/.test(each.relation) || known.includes(each.relation))
  if (relation) return relation.relation
  return blocked.length === 0 && /\bdjango_session\b/i.test(statements[0]?.text ?? '') ? 'django_session' : null
}
