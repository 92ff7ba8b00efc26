import {
  age,
  byRole,
  clientSessions,
  heldBy,
  heldText,
  isIdleInTransaction,
  OLD_SNAPSHOT,
  roleName,
  sessionName,
  sessionsTitle,
  shortQuery,
  terminateFix,
} from '../../derive/sessions.js'
import {idleTimeoutFix} from '../../derive/timeouts.js'
import {defineRule, type FixRequest} from '../../rule.js'
import type {Session} from '../../snapshot.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'sessions/idle-in-transaction',
  title: 'Sessions sit idle inside a transaction',
  category: 'sessions',
  needs: ['server', 'activity'],
  uses: ['blocking', 'settings', 'roleSettings', 'fileSettings'],
  options: {
    warnAt: {default: 60, unit: 'seconds', help: 'medium from this long idle on'},
    highAt: {default: 300, unit: 'seconds', help: 'high from this long on'},
    oldSnapshot: {default: OLD_SNAPSHOT, unit: 'count', help: 'high when it holds back this many transactions'},
  },
  severity: {
    high: 'idle for highAt, or others wait for its locks, or it keeps vacuum from its work (oldSnapshot)',
    medium: 'idle for warnAt: it holds a connection and locks for nothing',
  },
  why:
    'The client has begun a transaction and does something else, or has forgotten it. Its locks stay, others wait ' +
    'for them, and vacuum may not remove a row that it could still see.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY'],
  check({server, activity, blocking, settings, roleSettings, fileSettings}, options) {
    const idle = clientSessions(activity).filter(isIdleInTransaction)
    const idleFor = (session: Session) => age(activity, session.stateChange)
    const forgotten = idle
      .filter(session => idleFor(session) >= options.warnAt)
      .sort((a, b) => idleFor(b) - idleFor(a) || a.pid - b.pid)
    return {
      summary:
        idle.length === 0
          ? 'no session is idle in a transaction'
          : `sessions idle in a transaction: ${idle.length}, the longest for ${seconds(Math.max(...idle.map(idleFor)))}`,
      findings: byRole(forgotten).map(({role, sessions}) => {
        const held = heldBy(sessions, blocking)
        const longest = idleFor(sessions[0]!)
        const isHigh = longest >= options.highAt || (held.waiting ?? 0) > 0 || held.xminAge >= options.oldSnapshot
        return {
          severity: isHigh ? 'high' : 'medium',
          subject: roleName(role),
          title: sessionsTitle(role, sessions, 'idle in transaction', longest),
          detail: `The last statement of pid ${sessions[0]!.pid} was: ${shortQuery(sessions[0]!)}. ${heldText(held)}`,
          evidence: [
            ...sessions.slice(0, 5).map(session => ({
              label: sessionName(session),
              value: `idle ${seconds(idleFor(session))}, transaction ${seconds(age(activity, session.xactStart))}`,
              source: 'pg_stat_activity',
            })),
            {label: 'sessions that wait for them', value: held.waiting ?? 'unknown', source: 'pg_locks'},
            {label: 'transactions held back', value: held.xminAge, source: 'age(backend_xmin or backend_xid)'},
          ],
          confidence: 'measured',
          fixes: [
            endTransaction,
            ...idleTimeoutFix(role, {server, settings, roleSettings, fileSettings}),
            terminateFix(
              sessions,
              `state LIKE 'idle in transaction%' AND state_change < now() - interval '${options.warnAt} seconds'`,
            ),
          ],
        }
      }),
    }
  },
})

const endTransaction: FixRequest = {
  kind: 'app',
  title: 'End the transaction before the client does anything else',
  by: {
    django: {
      where: 'the view, task or command that ran that statement',
      lines: ['with transaction.atomic():', '    ...  # queries only: no HTTP call, e-mail, file or sleep'],
      note: 'ATOMIC_REQUESTS = True puts whole requests into a transaction: @transaction.non_atomic_requests exempts one.',
    },
    plain: {
      where: 'the code that ran that statement',
      lines: ['COMMIT or ROLLBACK on every path, also after an error, and before waiting for anything else.'],
    },
  },
}
