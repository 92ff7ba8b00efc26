import {blockingChains, type Head, headOf} from '../../derive/blocking.js'
import {STOP_NOTE} from '../../derive/sessions.js'
import {idleTimeoutFix} from '../../derive/timeouts.js'
import {defineRule, type FixRequest, type Severity} from '../../rule.js'
import {seconds} from '../../units.js'

export default defineRule({
  id: 'sessions/blocked',
  title: 'Sessions wait for a lock that another one holds',
  category: 'sessions',
  needs: ['server', 'blocking'],
  uses: ['activity', 'settings', 'roleSettings', 'fileSettings'],
  options: {
    warnAt: {default: 10, unit: 'seconds', help: 'medium from this wait on; shorter ones are normal'},
    highAt: {default: 60, unit: 'seconds', help: 'high from this wait on'},
    highBlocked: {default: 3, unit: 'count', help: 'high when this many wait, one of them for warnAt'},
    criticalBlocked: {default: 10, unit: 'count', help: 'critical when this many wait, one of them for highAt'},
  },
  severity: {
    critical: 'criticalBlocked sessions wait, the longest for highAt: the queue eats the connections',
    high: 'a wait of highAt, or highBlocked sessions in the queue: users see it',
    medium: 'a wait of warnAt: somebody waits for a page',
  },
  why:
    'A queue of sessions waits for one that holds a lock; ending that one frees all the others. ' +
    'Whoever stands at the head of the queue is the cause, not those who wait in it.',
  references: ['https://www.postgresql.org/docs/current/explicit-locking.html'],
  check({server, blocking, activity, settings, roleSettings, fileSettings}, options) {
    const chains = blockingChains(blocking)
    const longest = Math.max(0, ...chains.map(chain => chain.longest ?? 0))
    if (chains.length > 0 && chains.every(chain => chain.longest === null)) {
      const cure = !activity.ok && activity.grant ? {cure: activity.grant} : {}
      return {cannotJudge: `sessions wait for a lock (${blocking.length}), since when is hidden`, ...cure}
    }
    const heads = chains.filter(chain => (chain.longest ?? 0) >= options.warnAt).map(chain => headOf(chain, activity))
    const severity = ({chain}: Head): Severity => {
      const {blocked} = chain
      if (chain.longest! >= options.highAt) return blocked.length >= options.criticalBlocked ? 'critical' : 'high'
      return blocked.length >= options.highBlocked ? 'high' : 'medium'
    }
    return {
      summary:
        blocking.length === 0
          ? 'no session waits for a lock'
          : `sessions that wait for a lock: ${blocking.length}, the longest for ${seconds(longest)}`,
      // Several heads may hold up the same table: the worst one speaks for them.
      findings: [...new Set(heads.map(({subject}) => subject))].map(subject => {
        const [worst, ...further] = heads.filter(each => each.subject === subject)
        const {chain, role, name, state} = worst!
        return {
          severity: severity(worst!),
          subject,
          title: `${name} has held up ${others(chain.blocked.length)} for ${seconds(chain.longest!)}`,
          detail: `${state}${further.length ? ` Also at the head: pid ${further.map(each => each.chain.head).join(', ')}.` : ''}`,
          evidence: [
            {label: 'waiting behind it', value: chain.blocked.length, source: 'pg_locks, pg_blocking_pids()'},
            ...chain.blocked.slice(0, 5).map(({pid, waitedFor, lockMode, relation}) => ({
              label: `pid ${pid}`,
              value: waitedFor === null ? 'unknown' : seconds(waitedFor),
              source: `${lockMode ?? 'lock'}${relation ? ` on ${relation}` : ''}`,
            })),
          ],
          confidence: 'measured',
          fixes: [
            release([worst!, ...further]),
            ...(worst!.isIdle ? idleTimeoutFix(role, {server, settings, roleSettings, fileSettings}) : []),
            shorten,
          ],
        }
      }),
    }
  },
})

const others = (count: number) => (count === 1 ? 'another session' : `${count} others`)

function release(heads: Head[]): FixRequest {
  if (heads[0]!.chain.head === 0) {
    const steps = [
      'SELECT gid, prepared, owner FROM pg_prepared_xacts ORDER BY prepared',
      'Then COMMIT PREPARED or ROLLBACK PREPARED its gid',
    ]
    return {kind: 'action', title: 'For now: finish the prepared transaction', steps}
  }
  const isActive = heads.every(each => each.isActive)
  const pids = heads.map(({chain}) => chain.head).filter(pid => pid !== 0)
  return {
    kind: 'sql',
    title: `For now: ${isActive ? 'cancel what runs' : 'end the session'} at the head; what it has not committed is lost`,
    statements: pids.map(
      pid =>
        `SELECT pg_${isActive ? 'cancel' : 'terminate'}_backend(${pid}) WHERE EXISTS (SELECT FROM pg_locks ` +
        `WHERE NOT granted AND ${pid} = ANY (pg_blocking_pids(pid)))`,
    ),
    undo: [],
    lock: 'none; its locks are released',
    note: `It does nothing when nobody waits any more. ${STOP_NOTE}`,
  }
}

const shorten: FixRequest = {
  kind: 'app',
  title: 'Hold locks for a shorter time',
  by: {
    django: {
      where: 'the code at the head of the queue',
      lines: ['with transaction.atomic():', '    ...  # the UPDATE last, and nothing slow after it'],
      note: 'select_for_update(nowait=True) or (skip_locked=True) where waiting makes no sense.',
    },
    plain: {
      where: 'the code at the head of the queue',
      lines: ['Change rows last in the transaction, then commit at once. Run DDL with a short lock_timeout.'],
    },
  },
}
