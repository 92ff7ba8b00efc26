import {
  age,
  byRole,
  clientSessions,
  heldBy,
  heldText,
  isIdleInTransaction,
  isMaintenance,
  OLD_SNAPSHOT,
  roleName,
  sessionName,
  sessionsTitle,
  shortQuery,
  terminateFix,
  waitsForLock,
} from '../../derive/sessions.js'
import {defineRule, type FixRequest} from '../../rule.js'
import type {Session} from '../../snapshot.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'sessions/long-transaction',
  title: 'Transactions stay open for long',
  category: 'sessions',
  needs: ['activity'],
  uses: ['blocking'],
  options: {
    warnAt: {default: 300, unit: 'seconds', help: 'medium from this age of the transaction on'},
    highAt: {default: 1800, unit: 'seconds', help: 'high from this age on'},
    oldSnapshot: {default: OLD_SNAPSHOT, unit: 'count', help: 'high when it holds back this many transactions'},
    idleAfter: {default: 60, unit: 'seconds', help: 'idle for longer: sessions/idle-in-transaction reports it'},
    ignore: {default: ['pg_dump', 'pg_restore', 'pg_basebackup'], unit: 'names', help: 'application names that may'},
  },
  severity: {
    high: 'older than highAt, or it keeps vacuum from its work (oldSnapshot): tables grow while it lasts',
    medium: 'older than warnAt: locks and dead rows pile up behind it',
  },
  why:
    'A transaction keeps all its locks until it ends, and vacuum may remove no row that died since it began. ' +
    'Work in small transactions lets others, and vacuum, go on.',
  references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY'],
  check({activity, blocking}, options) {
    const openFor = (session: Session) => age(activity, session.xactStart)
    const open = clientSessions(activity).filter(
      session => session.xactStart !== null && !options.ignore.includes(session.application) && !isMaintenance(session),
    )
    // Each of these is another rule's: forgotten, blocked, or one long query.
    const isOthers = (session: Session) =>
      (isIdleInTransaction(session) && age(activity, session.stateChange) >= options.idleAfter) ||
      waitsForLock(session) ||
      (session.state === 'active' && age(activity, session.queryStart) >= openFor(session) / 2)
    const long = open
      .filter(session => openFor(session) >= options.warnAt && !isOthers(session))
      .sort((a, b) => openFor(b) - openFor(a) || a.pid - b.pid)
    return {
      summary:
        open.length === 0
          ? 'no transaction is open'
          : `transactions open: ${open.length}, the oldest ${seconds(Math.max(...open.map(openFor)))}`,
      findings: byRole(long).map(({role, sessions}) => {
        const held = heldBy(sessions, blocking)
        const longest = openFor(sessions[0]!)
        return {
          severity: longest >= options.highAt || held.xminAge >= options.oldSnapshot ? 'high' : 'medium',
          subject: roleName(role),
          title: sessionsTitle(role, sessions, 'in one transaction', longest),
          detail:
            'It works, statement after statement, in one transaction; a batch job or an import looks like this. ' +
            `The last statement of pid ${sessions[0]!.pid}: ${shortQuery(sessions[0]!)}. ${heldText(held)}`,
          evidence: [
            ...sessions.slice(0, 5).map(session => ({
              label: sessionName(session),
              value: `${session.state}, transaction ${seconds(openFor(session))}`,
              source: 'pg_stat_activity',
            })),
            {label: 'transactions held back', value: held.xminAge, source: 'age(backend_xmin or backend_xid)'},
          ],
          confidence: 'measured',
          fixes: [commitInBetween, terminateFix(sessions, `xact_start < now() - interval '${options.warnAt} seconds'`)],
        }
      }),
    }
  },
})

const commitInBetween: FixRequest = {
  kind: 'app',
  title: 'Commit in between',
  by: {
    django: {
      where: 'the task or command that ran that statement',
      lines: [
        'for batch in itertools.batched(items, 500):',
        '    with transaction.atomic():',
        '        Model.objects.bulk_create(batch)',
      ],
      note: 'Not one atomic() around the whole loop.',
    },
    plain: {where: 'the job that ran that statement', lines: ['Commit after every few hundred rows.']},
  },
}
