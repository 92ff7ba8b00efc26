import {isOn} from '../../derive/settings.js'
import {lastVacuumed, onPrimary, pressure, relationName, vacuumFix, waiting} from '../../derive/vacuum.js'
import {defineRule, type FixRequest} from '../../rule.js'
import {number, seconds} from '../../units.js'

/** More tables than this are a list, not something to type. */
const SHOWN = 10

export default defineRule({
  id: 'vacuum/backlog',
  title: 'Autovacuum does not come to tables that are due',
  category: 'vacuum',
  needs: ['server', 'settings', 'vacuum'],
  settings: ['autovacuum'],
  options: {
    overdue: {default: 3600, unit: 'seconds', help: 'a table that has been due for less is simply next'},
    highOverdue: {default: 86_400, unit: 'seconds', help: 'high from this long overdue on ...'},
    highRows: {default: 1_000_000, unit: 'count', help: '... with this many dead rows'},
    ignore: {default: [] as string[], unit: 'names', help: 'tables, as "schema"."table"'},
  },
  severity: {
    high: 'a table with highRows dead rows has waited for highOverdue: it grows, and its queries slow down',
    medium: 'tables have waited for overdue: dead rows, or pages that index-only scans cannot trust, pile up',
  },
  why:
    'Autovacuum comes to a table when enough of its rows are dead or new, by its own reloptions or the settings. ' +
    'A table that is long beyond that shows that autovacuum is too slow, is blocked, or is cancelled again and again.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM'],
  peers: ['DA', 'RX', 'PB', 'PD', 'SB'],
  check({server, settings, vacuum}, options) {
    if (server.inRecovery) return onPrimary('vacuum/backlog')
    if (!isOn(settings, 'autovacuum')) {
      return {cannotJudge: 'autovacuum is off, so no table is due', cure: 'ahsp-db explain vacuum/disabled'}
    }
    const late = waiting(vacuum, server)
      .filter(({overdue}) => overdue >= options.overdue)
      .filter(({relation}) => !options.ignore.includes(relationName(relation)))
    const summary = `${vacuum.due} of ${number(vacuum.total)} relations are due, ${late.length} of them for ${seconds(options.overdue)}`
    if (late.length === 0) return {summary, findings: []}
    const [longest] = late
    const isHigh = late.some(
      ({overdue, relation}) => overdue >= options.highOverdue && relation.deadRows >= options.highRows,
    )
    const shown = late.slice(0, SHOWN)
    const rest = late.length > SHOWN ? `; the ${SHOWN} worst of ${late.length} are listed` : ''
    return {
      summary,
      findings: [
        {
          severity: isHigh ? 'high' : 'medium',
          subject: 'autovacuum',
          title:
            late.length === 1
              ? `${relationName(longest!.relation)} has been due for vacuum for about ${seconds(longest!.overdue)}`
              : `${late.length} tables have been due for vacuum, the longest for about ${seconds(longest!.overdue)}`,
          detail:
            'Since when is estimated from the last vacuum and an even rate of changes. Not seen from here: whether it ' +
            `was cancelled by locks of DDL; the server's log tells ("canceling autovacuum task")${rest}.`,
          evidence: shown.map(({relation}) => ({
            label: relationName(relation),
            value: `${number(pressure(relation))} times its trigger, last vacuum ${ago(server.now, lastVacuumed(relation))}`,
            source: 'pg_stat_all_tables, reloptions and settings',
          })),
          confidence: 'estimated',
          fixes: [
            vacuumFix(
              'VACUUM (ANALYZE)',
              shown.map(({relation}) => relation),
              late.length > SHOWN ? `Vacuum the ${SHOWN} worst of them now` : 'Vacuum them now',
            ),
            cause,
          ],
        },
      ],
    }
  },
})

const ago = (now: number, then: number | null) => (then === null ? 'never' : `${seconds(now - then)} ago`)

const cause: FixRequest = {
  kind: 'action',
  title: 'Find out why autovacuum did not',
  steps: [
    'vacuum/workers tells whether all workers are busy or slowed down',
    'vacuum/horizon-holders tells whether something keeps vacuum from removing rows',
    'If the log says "canceling autovacuum task", let migrations and LOCK TABLE run more rarely',
  ],
}
