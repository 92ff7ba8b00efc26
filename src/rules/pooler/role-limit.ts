import {usableConnections} from '../../derive/connections.js'
import {countDirect} from '../../derive/pool-fit.js'
import {isOnServer, type PoolLimit, poolCapacity, poolerName} from '../../derive/pooler.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Pooler, Session} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'pooler/role-limit',
  title: 'A connection limit on the server is below what the pools may open',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers', 'roles', 'databases'],
  uses: ['activity', 'settings'],
  options: {
    smallest: {default: 0, unit: 'count', help: 'limits below this are meant as they are'},
  },
  severity: {
    high: 'full pools and direct sessions want more than the CONNECTION LIMIT: the server refuses the pooler some',
  },
  why:
    'A CONNECTION LIMIT of a role or database binds the pooler like everybody else: what the pool may open beyond it ' +
    'is refused. PgBouncer then waits server_login_retry seconds before it tries again, and all clients with it.',
  references: ['https://www.postgresql.org/docs/current/sql-alterrole.html'],
  check({poolers, roles, databases, activity, settings}, {smallest}, context) {
    const isHere = isOnServer(poolers, activity)
    const usable = settings.ok ? usableConnections(settings.data).usable : Infinity
    const processes = context.poolerProcesses
    const wantedBy = (isIt: (pool: PoolLimit) => boolean) => wanted(poolers, isHere, isIt, processes)
    const directBy = (isIt: (session: Session) => boolean) =>
      activity.ok ? countDirect(poolers, activity.data, processes, isIt) : 0
    const limited: Limited[] = [
      ...roles
        .filter(({isSuperuser}) => !isSuperuser)
        .map(({name, connectionLimit}) => ({
          kind: 'role' as const,
          name,
          limit: connectionLimit,
          wanted: wantedBy(({user, database}) => (database.forceUser ?? user) === name),
          direct: directBy(({user}) => user === name),
        })),
      ...databases.map(({name, connectionLimit}) => ({
        kind: 'database' as const,
        name,
        limit: connectionLimit,
        wanted: wantedBy(({database}) => database.database === name),
        direct: directBy(({database}) => database === name),
      })),
    ].filter(({limit, wanted}) => limit >= smallest && limit >= 0 && wanted > 0)
    const short = limited.filter(({limit, wanted, direct}) => wanted + direct > limit)
    short.sort((a, b) => b.wanted + b.direct - b.limit - (a.wanted + a.direct - a.limit))
    const at = poolers.map(poolerName).join(', ')
    return {summary: summaryOf(limited, short), findings: short.map(each => finding(each, at, usable))}
  },
})

function summaryOf(limited: readonly Limited[], short: readonly Limited[]): string {
  if (short.length > 0) return `${short.length} of ${limited.length} connection limits are below the pools' sum`
  if (limited.length === 0) return 'no role and no database of a pool has a connection limit'
  const each = limited.map(({kind, name, wanted, limit}) => `${kind} ${quoteIdent(name)} ${wanted} of ${limit}`)
  return `full pools fit: ${each.join(', ')}`
}

type Limited = {kind: 'role' | 'database'; name: string; limit: number; wanted: number; direct: number}

/** Server connections of the full pools that are meant, bounded as PgBouncer bounds them. */
function wanted(
  poolers: readonly Pooler[],
  isHere: ReturnType<typeof isOnServer>,
  isIt: (pool: PoolLimit) => boolean,
  processes?: number,
): number {
  const {pools, processes: counted} = poolCapacity(poolers, isHere, processes)
  const entries = new Map<PoolLimit['database'], number>()
  for (const pool of pools.filter(isIt)) {
    entries.set(pool.database, (entries.get(pool.database) ?? 0) + pool.poolSize + pool.reserve)
  }
  const bounded = [...entries].map(([{maxConnections}, sum]) =>
    maxConnections > 0 ? Math.min(sum, maxConnections) : sum,
  )
  return (bounded.reduce((sum, size) => sum + size, 0) * counted) / Math.max(1, poolers.length)
}

function finding({kind, name, limit, wanted, direct}: Limited, at: string, usable: number): FindingDraft {
  const subject = `${kind} ${quoteIdent(name)}`
  const to = Math.ceil((wanted + direct) / 10) * 10
  const next = to >= usable ? -1 : to
  const alter = (value: number) => `ALTER ${kind.toUpperCase()} ${quoteIdent(name)} CONNECTION LIMIT ${value}`
  return {
    severity: 'high',
    subject,
    title: `CONNECTION LIMIT ${limit} of ${subject}: full pools want ${wanted + direct}`,
    detail:
      'This shows when the pools are full: PgBouncer is refused, and every client of the pool waits until it tries ' +
      'again. No refusal was seen here; PgBouncer writes each to its log.',
    evidence: [
      {label: 'connection limit', value: limit, source: kind === 'role' ? 'pg_roles' : 'pg_database'},
      {label: 'server connections of full pools', value: wanted, source: `pgbouncer at ${at}`},
      ...(direct > 0 ? [{label: 'direct sessions', value: direct, source: 'pg_stat_activity without the pools'}] : []),
    ],
    confidence: 'estimated',
    fixes: [
      {
        kind: 'sql',
        title:
          next < 0
            ? `Remove the limit: the server has only ${usable} usable connections`
            : `Raise the limit to ${next}`,
        statements: [alter(next)],
        undo: [alter(limit)],
        lock: 'none that waits for sessions; new logins see it at once',
        risk: 'review',
        note: `Or, where the limit is wanted: make the pools of ${subject} together no larger than ${limit - direct}.`,
      },
    ],
  }
}
