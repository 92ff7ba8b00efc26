import {
  age,
  byRole,
  cancelFix,
  clientSessions,
  heldBy,
  heldText,
  isMaintenance,
  roleName,
  sessionName,
  sessionsTitle,
  shortQuery,
  waitsForLock,
} from '../../derive/sessions.js'
import {timeoutOf} from '../../derive/timeouts.js'
import {defineRule, type FixRequest} from '../../rule.js'
import type {Session} from '../../snapshot.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'sessions/long-query',
  title: 'Queries have been running for long',
  category: 'sessions',
  needs: ['server', 'activity'],
  uses: ['blocking', 'settings', 'roleSettings', 'fileSettings'],
  options: {
    lowAt: {default: 60, unit: 'seconds', help: 'low from this long on: nobody waits for a page this long'},
    warnAt: {default: 300, unit: 'seconds', help: 'medium from this long on'},
    highAt: {default: 1800, unit: 'seconds', help: 'high from this long on'},
    ignore: {default: ['pg_dump', 'pg_restore', 'pg_basebackup'], unit: 'names', help: 'application names that may'},
  },
  severity: {
    high: 'running for highAt: it takes a processor or the disk from everybody else, and holds back vacuum',
    medium: 'running for warnAt: a report at the wrong time, or a query that hangs',
    low: 'running for lowAt: longer than any page may take; may be a report',
  },
  why:
    'A query that runs for minutes keeps a connection, a processor and its snapshot. ' +
    'Often nobody waits for the answer any more: the client has timed out, the server does not know.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT'],
  check({server, activity, blocking, settings, roleSettings, fileSettings}, options) {
    const runsFor = (session: Session) => age(activity, session.queryStart)
    const running = clientSessions(activity)
      .filter(session => session.state === 'active' && !waitsForLock(session) && !isMaintenance(session))
      .filter(({application}) => !options.ignore.includes(application))
      .sort((a, b) => runsFor(b) - runsFor(a) || a.pid - b.pid)
    const hasNoTimeout = (role: string | null) => {
      if (role === null || !settings.ok || !roleSettings.ok) return false
      const known = {server, settings: settings.data, roleSettings: roleSettings.data, fileSettings}
      return timeoutOf('statement_timeout', role, known).ms === 0
    }
    return {
      summary:
        running.length === 0
          ? 'no query is running'
          : `queries running: ${running.length}, the longest for ${seconds(runsFor(running[0]!))}`,
      findings: byRole(running.filter(session => runsFor(session) >= options.lowAt)).map(({role, sessions}) => {
        const longest = runsFor(sessions[0]!)
        return {
          severity: longest >= options.highAt ? 'high' : longest >= options.warnAt ? 'medium' : 'low',
          subject: roleName(role),
          title: sessionsTitle(role, sessions, 'running a query', longest),
          detail:
            `Pid ${sessions[0]!.pid} runs: ${shortQuery(sessions[0]!)}. It is not waiting for a lock. Whether somebody ` +
            `still wants its answer cannot be seen from here. ${heldText(heldBy(sessions, blocking))}`,
          evidence: sessions.slice(0, 5).map(session => ({
            label: sessionName(session),
            value: runsFor(session),
            unit: 'seconds',
            source: `pg_stat_activity.query_start, waits for ${session.waitEvent ?? 'nothing'}`,
          })),
          confidence: 'measured',
          fixes: [
            ...(hasNoTimeout(role) ? [timeout(role!)] : []),
            cancelFix(sessions, `state = 'active' AND query_start < now() - interval '${options.lowAt} seconds'`),
            {
              kind: 'action',
              title: 'Make the query faster, or move it out of the request',
              steps: ['Look at its plan: EXPLAIN, without ANALYZE', 'Run reports and exports as a background task'],
            },
          ],
        }
      }),
    }
  },
})

const timeout = (role: string): FixRequest => ({
  kind: 'setting',
  name: 'statement_timeout',
  to: '30s',
  role,
  risk: 'review',
  note: 'It holds for new sessions. Reports and migrations need more: let them SET it themselves.',
})
