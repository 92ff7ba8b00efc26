import {usableConnections} from '../../derive/connections.js'
import {countDirect} from '../../derive/pool-fit.js'
import {
  isOnServer,
  type PoolCapacity,
  type PoolLimit,
  poolCapacity,
  poolerName,
  poolerNumber,
} from '../../derive/pooler.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

export default defineRule({
  id: 'pooler/wildcard-database',
  title: 'Pools multiply without a limit on their sum',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  uses: ['settings', 'activity'],
  options: {
    pools: {default: 8, unit: 'count', help: 'fewer pools without a limit are not worth one'},
    share: {default: 80, unit: 'percent', help: 'of the usable connections, for all pools together in the fix'},
    usable: {default: 97, unit: 'count', help: 'usable connections where the server was not read'},
  },
  severity: {
    medium: 'the pools without a limit want more than the server has: each further user or database adds one more',
    low: 'they fit so far; nothing keeps the next user or database from adding one more',
  },
  why:
    'Each pair of database and user has a pool of its own, and an entry `*` in [databases] lets every name be a ' +
    'database. Their number is decided by who connects, unless max_db_connections or max_user_connections bounds it.',
  references: ['https://www.pgbouncer.org/config.html#max_db_connections'],
  check({poolers, settings, activity}, options, context) {
    const isHere = isOnServer(poolers, activity)
    const processes = poolers.length === 1 ? context.poolerProcesses : 1
    const all = poolers.map(pooler => ({pooler, capacity: poolCapacity([pooler], isHere, processes)}))
    const direct = activity.ok ? countDirect(poolers, activity.data, context.poolerProcesses) : 0
    const usable = settings.ok ? usableConnections(settings.data).usable - direct : null
    const unbounded = all.flatMap(({pooler, capacity}) => {
      const pools = capacity.pools.filter(isUnbounded)
      return pools.length >= options.pools ? [{pooler, pools, capacity}] : []
    })
    const counts = all.map(({pooler, capacity}) => `${capacity.pools.length} pools at ${poolerName(pooler)}`)
    return {
      summary: `${counts.join(', ')}${unbounded.length > 0 ? ', without a limit on their sum' : ''}`,
      findings: unbounded.map(({pooler, pools, capacity}) => {
        const budget = (((usable ?? options.usable) / poolers.length) * options.share) / 100
        return finding(pooler, pools, capacity, usable, limitFix(pooler, pools, Math.floor(budget), capacity.processes))
      }),
    }
  },
})

/** Neither the database nor the user bounds what its pools open together. */
function isUnbounded({pooler, database, user}: PoolLimit): boolean {
  const own = pooler.users.find(({name}) => name === user)?.maxConnections ?? 0
  const general = poolerNumber(pooler, 'max_user_connections') ?? 0
  return user !== null && database.maxConnections === 0 && own === 0 && general === 0
}

const countOf = (pools: readonly PoolLimit[], of: (pool: PoolLimit) => unknown): number => new Set(pools.map(of)).size
const databasesOf = (pools: readonly PoolLimit[]) => countOf(pools, ({database}) => database.name)
const usersOf = (pools: readonly PoolLimit[]) => countOf(pools, ({user}) => user)
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** What there are fewer of is what bounds the sum best. */
function limitFix(pooler: Pooler, pools: readonly PoolLimit[], budget: number, processes: number): FixRequest {
  const [databases, users] = [databasesOf(pools), usersOf(pools)]
  const isByDatabase = databases <= users
  const count = isByDatabase ? databases : users
  return {
    kind: 'pooler',
    pooler,
    name: isByDatabase ? 'max_db_connections' : 'max_user_connections',
    to: `${Math.max(1, Math.floor(budget / count / processes))}`,
    risk: 'review',
    note:
      `for each of ${plural(count, isByDatabase ? 'database' : 'user')}. Beyond it clients wait, and idle connections ` +
      'of other pools are closed for them. Or name the databases in place of *, and give each entry one user (user=...)',
  }
}

function finding(
  pooler: Pooler,
  pools: readonly PoolLimit[],
  {connections, processes}: PoolCapacity,
  usable: number | null,
  fix: FixRequest,
): FindingDraft {
  const sum = pools.reduce((total, {poolSize, reserve}) => total + poolSize + reserve, 0) * processes
  const who = `${plural(databasesOf(pools), 'database')} and ${plural(usersOf(pools), 'user')}`
  return {
    severity: usable !== null && connections > usable ? 'medium' : 'low',
    subject: poolerName(pooler),
    title: `${pools.length} pools of ${who} may open ${sum} server connections, and no limit bounds the sum`,
    detail:
      'The console does not tell whether an entry * in [databases] made these databases, or whether each has a line: ' +
      'look there. Either way each further user or database adds a pool.',
    evidence: [
      {label: 'pools without a limit', value: pools.length, source: 'SHOW POOLS, SHOW DATABASES'},
      {label: 'server connections when they are full', value: sum, source: 'pool_size + reserve of each'},
      ...(usable === null ? [] : [{label: 'usable connections for pools', value: usable, source: 'pg_settings'}]),
    ],
    confidence: 'estimated',
    fixes: [fix],
  }
}
