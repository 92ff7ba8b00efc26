import type {FixRequest} from '../rule.js'
import type {Activity, Pooler, Session} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {changeLine, distinctLines, isSameLine, lineOf, type PoolLine} from './pool-lines.js'
import type {PoolCapacity, PoolLimit} from './pooler.js'
import {outsideSessions, poolerPids} from './served.js'

/**
 * Sessions that are in no pool. More PgBouncer processes than consoles: those from the poolers' own addresses are
 * pools that were not read, and counted as such.
 */
export function countDirect(
  poolers: readonly Pooler[],
  activity: Activity,
  processes = 1,
  isWanted = (_session: Session) => true,
): number {
  const pids = poolerPids(poolers)
  const pooled = activity.sessions.filter(({pid}) => pids.has(pid))
  const isOther = ({clientAddr}: Session) =>
    processes > poolers.length && pooled.some(session => session.clientAddr === clientAddr)
  return outsideSessions(poolers, activity).filter(session => isWanted(session) && !isOther(session)).length
}

export type Shares = {poolShare: number; reserveShare: number}

/** A line that bounds pools, what it will say, and the server connections that it stands for in one process. */
type Bound = {line: PoolLine; user: string | null; kind: 'size' | 'reserve' | 'limit'; value: number}

/**
 * Lines with which all pools together open at most `budget` server connections: every pool keeps its proportion, those
 * that max_db_connections bounds already are bounded lower. Null: even pools of one connection are too many.
 */
export function shrinkTo(
  {pools, processes}: PoolCapacity,
  budget: number,
  {poolShare, reserveShare}: Shares,
): FixRequest[] | null {
  const times = processes / Math.max(1, new Set(pools.map(({pooler}) => pooler)).size)
  const bounds = boundsOf(pools)
  const total = (...kinds: Bound['kind'][]) =>
    bounds.filter(({kind}) => kinds.includes(kind)).reduce((sum, {value}) => sum + value, 0) * times
  const all = total('size', 'reserve', 'limit')
  const free = budget - (budget * total('limit')) / Math.max(1, all)
  const share = (part: number) => (free * part) / (poolShare + reserveShare)
  const factors = {
    size: Math.min(1, share(poolShare) / Math.max(1, total('size'))),
    reserve: Math.min(1, share(reserveShare) / Math.max(1, total('reserve'))),
    limit: Math.min(1, budget / Math.max(1, all)),
  }
  const shrunk = bounds.map(bound => {
    const exact = Math.floor(bound.value * factors[bound.kind] + 1e-9)
    return {...bound, to: bound.kind === 'reserve' ? exact : Math.max(1, exact)}
  })
  if (shrunk.reduce((sum, {to}) => sum + to, 0) * times > budget) return null
  const changed = shrunk.filter(({value, to}) => to < value)
  const general = changed.filter(({user}) => user === null)
  const lines = distinctLines(general.map(({line}) => line))
  return [
    ...lines.map(line =>
      changeLine(line, Math.min(...general.filter(bound => isSameLine(bound.line, line)).map(({to}) => to)), {
        risk: 'review',
      }),
    ),
    ...changed.flatMap(({user, to, line}) => (user === null ? [] : [userFix(user, to, line)])),
  ]
}

function boundsOf(pools: readonly PoolLimit[]): Bound[] {
  const sizes = new Map<PoolLimit['database'], number>()
  for (const {database, poolSize, reserve} of pools) {
    sizes.set(database, (sizes.get(database) ?? 0) + poolSize + reserve)
  }
  const isCapped = ({database}: PoolLimit) =>
    database.maxConnections > 0 && database.maxConnections < sizes.get(database)!
  const capped = new Map(pools.filter(isCapped).map(({pooler, database}) => [database, pooler]))
  return [
    ...pools
      .filter(pool => !isCapped(pool))
      .flatMap(({pooler, database, user, poolSize, reserve}): Bound[] => [
        {
          line: lineOf(pooler, database, 'size'),
          // 1.23 lets a line of [users] have the last word.
          user: poolSize === database.poolSize ? null : user,
          kind: 'size',
          value: poolSize,
        },
        {line: lineOf(pooler, database, 'reserve'), user: null, kind: 'reserve', value: reserve},
      ]),
    ...[...capped].map(
      ([database, pooler]): Bound => ({
        line: lineOf(pooler, database, 'limit'),
        user: null,
        kind: 'limit',
        value: database.maxConnections,
      }),
    ),
  ]
}

/** Lines of [users] are not read by the console: the whole line is not known. */
const userFix = (user: string, to: number, {pooler}: PoolLine): FixRequest => ({
  kind: 'action',
  title: `Set pool_size = ${to} in the line of ${quoteIdent(user)}`,
  risk: 'review',
  steps: [
    {
      text: 'In section [users] of pgbouncer.ini, then RELOAD',
      lines: [`${user} = pool_size=${to}`],
      language: 'conf',
      file: pooler.config.find(({name}) => name === 'conffile')?.value ?? 'pgbouncer.ini',
    },
  ],
})
