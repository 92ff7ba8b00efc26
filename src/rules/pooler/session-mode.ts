import {poolName} from '../../derive/pool-lines.js'
import {poolerRates, poolsNow} from '../../derive/pooler.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Activity, Pool, Pooler, Section} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'pooler/session-mode',
  title: 'Clients keep server connections that they do not use',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['activity'],
  options: {
    idleAt: {default: 70, unit: 'percent', help: 'medium when this share of the held server connections is idle'},
    fewest: {default: 5, unit: 'count', help: 'fewer held connections are not judged'},
  },
  severity: {
    high: 'clients wait while idleAt of the held connections is idle: the pool is full of connections without work',
    medium: 'idleAt or more of the held connections is idle: the pool serves as many clients as it has connections',
  },
  why:
    'In session mode a client keeps its server connection until it disconnects, also while its user reads. In ' +
    'transaction mode the same pool serves many times as many clients.',
  references: ['https://www.pgbouncer.org/features.html'],
  check({poolers, activity}, options) {
    const pools = poolers.flatMap(pooler => poolsNow(pooler).map(pool => ({pooler, pool})))
    const bySession = pools.filter(({pool}) => pool.poolMode === 'session')
    const modes = [...new Set(pools.map(({pool}) => pool.poolMode))].join(', ')
    if (bySession.length === 0) return {summary: `pool_mode = ${modes || 'not in use yet'}`, findings: []}
    const held = bySession.filter(({pool}) => pool.serversActive >= options.fewest)
    const judged = held.map(each => ({...each, idle: idleShare(each.pooler, each.pool, activity)}))
    const unknown = judged.find(({idle}) => idle === null)
    if (unknown && judged.every(({idle}) => idle === null)) {
      const cure = 'ahsp-db check --window 10'
      return {cannotJudge: 'what the held connections do was not seen: neither sessions nor counters', cure}
    }
    const known = judged.flatMap(({idle, ...rest}) => (idle === null ? [] : [{...rest, idle}]))
    const bad = known.filter(({idle}) => idle.share >= options.idleAt).sort((a, b) => b.idle.share - a.idle.share)
    return {
      summary: known[0]
        ? `pool_mode = session: ${Math.round(Math.max(...known.map(({idle}) => idle.share)))} % of held connections idle`
        : `pool_mode = session, fewer than ${options.fewest} server connections are held`,
      findings: bad.map(({pooler, pool, idle}) => finding(pooler, pool, idle)),
    }
  },
})

type Idle = {share: number; source: string}

/** Idle backends among those that clients hold; without the sessions, what the time in transactions leaves. */
function idleShare(pooler: Pooler, pool: Pool, activity: Section<Activity>): Idle | null {
  const isOwn = ({database, user, state}: Pooler['servers'][number]) =>
    database === pool.database && user === pool.user && state === 'active'
  const pids = new Set(pooler.servers.filter(isOwn).map(({remotePid}) => remotePid))
  const seen = activity.ok ? activity.data.sessions.filter(({pid}) => pids.has(pid)) : []
  if (seen.length > 0) {
    const idle = seen.filter(({state}) => state === 'idle').length
    return {share: (idle / seen.length) * 100, source: 'pg_stat_activity, backends of SHOW SERVERS'}
  }
  const rate = poolerRates(pooler).find(({database}) => database === pool.database)
  if (!rate) return null
  // The counters are the database's: its pools hold their connections together.
  const linked = poolsNow(pooler).filter(({database}) => database === pool.database)
  const active = linked.reduce((sum, {serversActive}) => sum + serversActive, 0)
  return {share: Math.max(0, 1 - rate.busy / active) * 100, source: 'SHOW STATS: time in transactions, SHOW POOLS'}
}

function finding(pooler: Pooler, pool: Pool, {share, source}: Idle): FindingDraft {
  const {serversActive, clientsWaiting} = pool
  return {
    severity: clientsWaiting > 0 ? 'high' : 'medium',
    subject: poolName(pooler, pool),
    title: `pool_mode = session: ${Math.round(share)} % of ${serversActive} held server connections are idle`,
    detail:
      (clientsWaiting > 0 ? `${clientsWaiting} clients wait for a connection that nobody uses. ` : '') +
      'Each is held by a client that is connected and does nothing. What this pool could serve in transaction mode ' +
      'follows from its transactions, not from its clients.',
    evidence: [
      {label: 'idle among the held', value: share, unit: 'percent', source},
      {label: 'server connections held', value: serversActive, source: 'SHOW POOLS'},
      {label: 'clients waiting', value: clientsWaiting, source: 'SHOW POOLS'},
    ],
    confidence: source.startsWith('pg_stat') ? 'measured' : 'estimated',
    fixes: [modeFix(pooler, pool), releaseFix],
  }
}

const CHECK_FIRST =
  'First make sure that no client relies on its session: SET without LOCAL, LISTEN, advisory locks, temporary tables, ' +
  'cursors WITH HOLD, PREPARE, and named prepared statements where PgBouncer does not keep them; the other rules of ' +
  'this category look for each'

/** The mode stands at the user, the database or in general, in this order. */
function modeFix(pooler: Pooler, {database, user}: Pool): FixRequest {
  const own = pooler.users.find(({name}) => name === user)?.poolMode
  if (own) {
    return {
      kind: 'action',
      title: `Set pool_mode = transaction in the line of ${quoteIdent(user)}`,
      note: CHECK_FIRST,
      steps: [{text: 'In section [users], then RELOAD', lines: [`${user} = pool_mode=transaction`], language: 'conf'}],
    }
  }
  const entry = pooler.databases.find(({name}) => name === database)
  const line = {kind: 'pooler' as const, pooler, name: 'pool_mode', to: 'transaction', risk: 'review' as const}
  return {...line, note: CHECK_FIRST, ...(entry?.poolMode ? {database} : {})}
}

const releaseFix: FixRequest = {
  kind: 'app',
  title: 'Or let the application disconnect when it is done',
  by: {
    django: {where: "settings.py, DATABASES['default']", lines: ["'CONN_MAX_AGE': 0,"]},
    plain: {where: "the settings of the application's own pool", lines: ['idle timeout: a few seconds']},
  },
  note: 'connecting to PgBouncer for each request is cheap; the server connection stays open in its pool',
}
