import type {Context, FixRequest} from '../rule.js'
import type {Activity, Pool, Pooler, Section, Setting} from '../snapshot.js'
import {usableConnections} from './connections.js'
import {COMMITTED_PERCENT} from './pool-budget.js'
import {countDirect} from './pool-fit.js'
import {changeLine, isSameLine, lineOf, type PoolLine} from './pool-lines.js'
import {isOnServer, type PoolLimit, poolCapacity} from './pooler.js'

/** Clients of one pool that wait for a server connection, over all looks. */
export type Queue = {
  limit: PoolLimit
  pool: Pool
  /** waiting at the same time, at worst */
  clients: number
  /** seconds that the oldest of them had waited, at worst */
  longest: number
  /** seconds between the first and the last of the looks running that saw somebody wait; 0: one look */
  lasted: number
  /** no further server connection may be opened; false: they could, but are not there */
  isFull: boolean
}

/** The pools in which somebody waited in any look, worst first; those that are paused wait because they were told to. */
export function queuesOf(pooler: Pooler): Queue[] {
  if (pooler.state !== null && pooler.state !== 'active') return []
  const queues = poolCapacity([pooler], (_, {isPaused}) => !isPaused).pools.flatMap((limit): Queue[] => {
    const looks = pooler.samples.map(({at, pools}) => ({
      at,
      pool: pools.find(({database, user}) => database === limit.database.name && user === limit.user),
    }))
    const waiting = looks.flatMap(({at, pool}) => (pool && pool.clientsWaiting > 0 ? [{at, pool}] : []))
    const worst = [...waiting].sort((a, b) => b.pool.clientsWaiting - a.pool.clientsWaiting)[0]
    if (!worst) return []
    return [
      {
        limit,
        pool: worst.pool,
        clients: worst.pool.clientsWaiting,
        longest: Math.max(...waiting.map(({pool}) => pool.maxWait)),
        lasted: longestRun(looks.map(({at, pool}) => ({at, isWaiting: (pool?.clientsWaiting ?? 0) > 0}))),
        isFull: waiting.some(({pool}) => isFull(pool, limit)),
      },
    ]
  })
  return queues.sort((a, b) => b.longest - a.longest || b.clients - a.clients)
}

function longestRun(looks: {at: number; isWaiting: boolean}[]): number {
  let longest = 0
  let start: number | null = null
  for (const {at, isWaiting} of looks) {
    start = isWaiting ? (start ?? at) : null
    if (start !== null) longest = Math.max(longest, at - start)
  }
  return longest
}

const serversOf = (pool: Pool): number =>
  pool.serversActive + pool.serversIdle + pool.serversUsed + pool.serversTested + pool.serversLogin

/** max_db_connections counts all pools of the database together. */
const isBounded = ({database}: PoolLimit): boolean =>
  database.maxConnections > 0 && database.currentConnections >= database.maxConnections

const isFull = (pool: Pool, limit: PoolLimit): boolean => serversOf(pool) >= limit.poolSize || isBounded(limit)

export type Surroundings = {
  poolers: readonly Pooler[]
  activity: Section<Activity>
  settings: Section<Setting[]>
  context: Context
}

/** A larger value for the line that holds the pool back, or why that would not help, or cannot be told. */
export type Growth = {line: PoolLine; to: number; because: string} | {line: null; because: string}

/** More active backends than this for each core only take turns. */
const ACTIVE_PER_CORE = 2

/** More server connections only help while the processors have room and the server has connections left. */
export function growthOf(limit: PoolLimit, wanted: number, surroundings: Surroundings): Growth {
  const {activity, context} = surroundings
  const samples = activity.ok ? activity.data.samples : []
  const unknown = (what: string) => `whether more connections would help cannot be told: ${what}`
  if (samples.length === 0) return {line: null, because: unknown("the server's sessions were not seen")}
  if (context.cpus === undefined) return {line: null, because: unknown('its cores are not known (--cpus N)')}
  const active = samples.reduce((sum, sample) => sum + sample.active, 0) / samples.length
  const most = ACTIVE_PER_CORE * context.cpus
  const busy = `${round(active)} active backends on ${context.cpus} cores`
  if (active >= most) {
    return {line: null, because: `more connections would not help: ${busy} take turns already, more make each slower`}
  }
  const line = lineOf(limit.pooler, limit.database, isBounded(limit) ? 'limit' : 'size')
  const byCores = active > 0 ? Math.floor((line.from * most) / active) : Infinity
  const byServer = line.from + roomFor(line, surroundings)
  const to = Math.min(Math.max(wanted, line.from + 1), byCores, byServer)
  if (to > line.from) return {line, to, because: `${busy}: there is room for more`}
  const full = 'full pools and direct clients already promise what the server has'
  return {line: null, because: byServer <= line.from ? `more do not fit: ${full}` : `${busy} leave no room for more`}
}

const round = (value: number) => Math.round(value * 10) / 10

/** By how much the line may grow: it may stand for several pools, in several processes. */
function roomFor(line: PoolLine, {poolers, activity, settings, context}: Surroundings): number {
  if (!settings.ok) return Infinity
  const {connections, pools} = poolCapacity(poolers, isOnServer(poolers, activity), context.poolerProcesses)
  const direct = activity.ok ? countDirect(poolers, activity.data, context.poolerProcesses) : 0
  const free =
    Math.floor((usableConnections(settings.data).usable * COMMITTED_PERCENT) / 100) - 1 - connections - direct
  const sharing = pools.filter(({pooler, database}) => isSameLine(line, lineOf(pooler, database, 'size'))).length
  const times = poolers.length === 1 ? (context.poolerProcesses ?? 1) : 1
  return Math.floor(free / (Math.max(1, sharing) * times))
}

/** The line, where it helps; and always the work itself, which helps anyhow. */
export function growthFixes(growth: Growth, activity: Section<Activity>): FixRequest[] {
  const samples = activity.ok ? activity.data.samples : []
  const total = (of: 'active' | 'idleInTransaction') => samples.reduce((sum, sample) => sum + sample[of], 0)
  const isHeldIdle = total('idleInTransaction') > total('active')
  const work: FixRequest = {
    kind: 'action',
    title: 'Let each transaction hold its connection for less time',
    note: growth.line ? 'this helps whatever the size of the pool' : growth.because,
    steps: [
      isHeldIdle
        ? 'Shorten transactions first: most connections were seen idle in a transaction. Move calls to other services, ' +
          'rendering and loops of small queries out of it'
        : 'Fix the slowest and most frequent queries first: connections are held while they run',
      {text: 'Who they are', lines: ['ahsp-db check --only sessions,queries'], language: 'sh'},
    ],
  }
  if (!growth.line) return [work]
  return [changeLine(growth.line, growth.to, {risk: 'review', note: growth.because}), work]
}
