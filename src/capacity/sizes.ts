import {usableConnections} from '../derive/connections.js'
import {floorWorkMem, sizeText, worstCase} from '../derive/memory.js'
import {COMMITTED_PERCENT, POOL_PERCENT, RESERVE_PERCENT} from '../derive/pool-budget.js'
import workMem from '../rules/memory/work-mem.js'
import {number} from '../units.js'
import type {Situation} from './chain.js'
import {otherConsumers, pooledBusy} from './demand.js'
import {poolFor} from './load.js'
import type {Known, Sizes} from './types.js'

const POOL_SHARE = POOL_PERCENT / 100
const RESERVE_SHARE = RESERVE_PERCENT / 100
export const COMMITTED_SHARE = COMMITTED_PERCENT / 100
/** A measured pool gets this part of itself as reserve: as 140 has 20. */
const RESERVE_OF_POOL = 1 / 7
/** Old and new copies of the application side by side during a deployment, and a quarter on top. */
const CLIENT_ROOM = 2.5

/** The sizes that fit each other for N users. */
export function sizesFor(situation: Situation, users: number): Sizes {
  const {snapshot, poolers, clients, context} = situation
  const settings = snapshot.sections.settings.ok ? snapshot.sections.settings.data : []
  const {usable, maxConnections, reserved} = usableConnections(settings)
  const others = poolers.length > 0 ? (otherConsumers(snapshot, poolers) ?? 0) : 0
  const processes = Math.max(1, situation.pools.processes, context.poolerProcesses ?? 1)
  const pools = Math.max(1, situation.pools.pools.length)
  const need = poolNeed(situation, users, usable, others)
  const each = Math.max(1, Math.ceil(need.largest / processes))
  const reserveEach = Math.max(1, Math.round(need.reserve / pools / processes))
  const cap = (each + reserveEach) * pools * processes
  // What was assumed is made to fit; only a measured need is worth more connections.
  const isTooMuch = need.basis === 'measured' && cap + others > Math.floor(usable * COMMITTED_SHARE)
  const fitting = isTooMuch ? roundUp((cap + others) / COMMITTED_SHARE + reserved, 50) : maxConnections
  return {
    maxConnections: fitting,
    poolMode: 'transaction',
    pool: each * pools * processes,
    reserve: reserveEach * pools * processes,
    defaultPoolSize: each,
    reservePoolSize: reserveEach,
    minPoolSize: Math.floor(each / 2),
    maxClientConn: Math.max(100, roundUp((clients.at(users) * CLIENT_ROOM) / processes, 100)),
    pools,
    processes,
    workMem: workMemFor(situation, cap + others),
    basis: need.basis,
    formula: need.formula,
  }
}

type Need = {largest: number; reserve: number; basis: Known; formula: string}

/** What the largest pool must hold: default_pool_size is for each of them. */
function poolNeed(situation: Situation, users: number, usable: number, others: number): Need {
  const {busy, clients} = situation
  const pools = Math.max(1, situation.pools.pools.length)
  if (busy) {
    const parts = busy.databases.length > 0 ? busy.databases.map(one => one.busy) : [pooledBusy(busy)]
    const largest = Math.max(...parts) / busy.users
    const pool = poolFor(largest * users)
    return {
      largest: pool,
      reserve: Math.ceil(pool * RESERVE_OF_POOL) * pools,
      basis: 'measured',
      formula: `L' = ${number(largest * users)} busy at ${users} users: ceil(L' + 2 sqrt(L'))`,
    }
  }
  const budget = Math.max(2, Math.min(usable * (POOL_SHARE + RESERVE_SHARE), usable * COMMITTED_SHARE - others))
  const part = (share: number, step: number) => {
    const exact = (budget * share) / (POOL_SHARE + RESERVE_SHARE)
    return usable >= 50 ? Math.round(exact / step) * step : Math.floor(exact)
  }
  const share = part(POOL_SHARE, 10)
  const reserve = part(RESERVE_SHARE, 5)
  // A pool never needs more server connections than it has clients.
  const pool = Math.min(share, clients.at(users))
  return {
    largest: Math.max(1, Math.floor(pool / pools)),
    reserve,
    basis: 'assumed',
    formula:
      pool < share
        ? `one for each of ${pool} clients; how long they hold it was not measured`
        : `${POOL_PERCENT} % of ${usable} usable connections, reserve ${RESERVE_PERCENT} %: what they need was not measured`,
  }
}

/** The largest work_mem with which the backends stay within half of the memory; null: the memory is not known. */
function workMemFor({snapshot, context}: Situation, connections: number): string | null {
  const {settings} = snapshot.sections
  if (!settings.ok || context.ramBytes === undefined) return null
  const {busy, warnAt} = workMem.options
  const {fixed, shares} = worstCase(settings.data, connections, busy.default, 0)
  const affordable = floorWorkMem(((context.ramBytes * warnAt.default) / 100 - fixed) / shares)
  return affordable > 0 ? sizeText(affordable) : null
}

/** Without a pooler, the application's own connections must fit with room for others. */
export function needsPooler(situation: Situation, users: number): boolean {
  const {snapshot, poolers, clients} = situation
  if (poolers.length > 0) return true
  const {settings} = snapshot.sections
  if (!settings.ok) return false
  return clients.at(users) > usableConnections(settings.data).usable * POOL_SHARE
}

const roundUp = (value: number, step: number) => Math.ceil(value / step - 1e-9) * step
