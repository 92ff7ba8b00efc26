import {ASSUMED_OVERHEAD, usableConnections} from '../derive/connections.js'
import {isOnServer, type PoolCapacity, poolCapacity, poolerNumber, poolModeOf} from '../derive/pooler.js'
import type {Context} from '../rule.js'
import type {Pooler, Snapshot} from '../snapshot.js'
import {number} from '../units.js'
import {type Busy, type Clients, otherConsumers} from './demand.js'
import {limitLinks, poolLinks} from './pool-links.js'
import type {Link} from './types.js'

/** Everything that the links are computed from. */
export type Situation = {
  snapshot: Snapshot
  context: Context
  poolers: readonly Pooler[]
  clients: Clients
  /** null: not measured */
  busy: Busy | null
  pools: PoolCapacity
}

export function situationOf(snapshot: Snapshot, context: Context, clients: Clients, busy: Busy | null): Situation {
  const poolers = snapshot.sections.poolers.ok ? snapshot.sections.poolers.data : []
  const pools = poolCapacity(poolers, isOnServer(poolers, snapshot.sections.activity), context.poolerProcesses)
  return {snapshot, context, poolers, clients, busy, pools}
}

/** A pool keeps its server connections only during a transaction, unless it is in session mode. */
export const isSessionMode = ({pools}: Situation): boolean =>
  pools.pools.length > 0 &&
  pools.pools.every(({pooler, database, user}) => poolModeOf(pooler, database, user ?? undefined) === 'session')

/** From the application to the processors; links that this installation does not have are left out. */
export function linksAt(situation: Situation, users: number): Link[] {
  const hasPooler = situation.poolers.length > 0
  return [
    ...(hasPooler ? [clientsLink(situation, users), ...filesLink(situation, users)] : []),
    ...(hasPooler ? poolLinks(situation, users) : []),
    ...limitLinks(situation, users),
    ...backendsLink(situation, users),
    processorsLink(situation, users),
  ]
}

export const HOW_TO_MEASURE = 'ahsp-db capacity --users N --current-users M --window 30s, while M users are at work'

function clientsLink({poolers, clients, context}: Situation, users: number): Link {
  const times = poolers.length === 1 ? (context.poolerProcesses ?? 1) : 1
  const capacity = poolers.reduce((sum, pooler) => sum + (poolerNumber(pooler, 'max_client_conn') ?? 100), 0) * times
  return {
    id: 'clients',
    title: 'PgBouncer clients',
    limit: `max_client_conn${poolers.length * times > 1 ? ` of ${poolers.length * times} processes` : ''}`,
    capacity,
    demand: clients.at(users),
    breaksAt: clients.breaksAt(capacity),
    isOverCommitted: false,
    known: clients.known,
    source: clients.source,
    effect: 'the pooler refuses the connection: no more connections allowed (max_client_conn)',
  }
}

function filesLink({poolers, clients, context, pools}: Situation, users: number): Link[] {
  const {poolerOpenFiles} = context
  if (poolerOpenFiles === undefined) return []
  const processes = Math.max(1, pools.processes)
  const capacity = Math.max(0, (poolerOpenFiles - 10) * processes - pools.connections)
  return [
    {
      id: 'files',
      title: 'Open files of PgBouncer',
      limit: `LimitNOFILE ${poolerOpenFiles}${poolers.length > 1 ? ' each' : ''}, less server connections`,
      capacity,
      demand: clients.at(users),
      breaksAt: clients.breaksAt(capacity),
      isOverCommitted: false,
      known: clients.known,
      source: clients.source,
      effect: 'the pooler cannot accept: too many open files',
    },
  ]
}

/** Behind a pooler the pools decide how many backends there are; without one the application does. */
function backendsLink({snapshot, poolers, clients, pools}: Situation, users: number): Link[] {
  const {settings} = snapshot.sections
  if (!settings.ok) return []
  const {usable, maxConnections, reserved} = usableConnections(settings.data)
  const isAssumed = poolers.length === 0 && clients.known === 'assumed'
  const others = poolers.length > 0 ? (otherConsumers(snapshot, poolers) ?? 0) : isAssumed ? ASSUMED_OVERHEAD : 0
  const capacity = usable - others
  const base = {
    id: 'backends' as const,
    title: 'Usable backends',
    limit: `max_connections ${maxConnections} - ${reserved} reserved${others > 0 ? ` - ${others} ${isAssumed ? 'assumed for jobs and admin' : 'others'}` : ''}`,
    capacity,
    effect: 'the server refuses: sorry, too many clients already',
  }
  if (poolers.length === 0) {
    const {known, source} = clients
    return [
      {...base, demand: clients.at(users), breaksAt: clients.breaksAt(capacity), isOverCommitted: false, known, source},
    ]
  }
  const isOver = pools.connections > capacity
  return [
    {
      ...base,
      demand: pools.connections,
      breaksAt: null,
      isOverCommitted: isOver,
      known: 'configured',
      source: `full pools: ${pools.formula}`,
    },
  ]
}

/** Above this many active backends per core they only wait for each other. */
export const ACTIVE_PER_CORE = 4

function processorsLink({context, busy}: Situation, users: number): Link {
  const {cpus} = context
  const capacity = cpus === undefined ? null : cpus * ACTIVE_PER_CORE
  const perUser = busy && busy.load.active / busy.users
  const isKnown = capacity !== null && perUser !== null
  return {
    id: 'processors',
    title: 'Processors',
    limit: cpus === undefined ? 'unknown: --cpus N' : `${ACTIVE_PER_CORE} active backends x ${cpus} cores`,
    capacity,
    demand: perUser === null ? null : Math.ceil(perUser * users),
    breaksAt: isKnown && perUser > 0 ? Math.floor(capacity / perUser + 1e-9) + 1 : null,
    isOverCommitted: false,
    known: isKnown ? 'measured' : 'unknown',
    source: busy ? `${number(busy.load.active)} active at ${busy.users} users` : 'active backends were not measured',
    effect: 'queries slow each other down; more connections make it worse',
    ...(isKnown ? {} : {missing: perUser === null ? HOW_TO_MEASURE : '--cpus N: cores of the server'}),
  }
}
