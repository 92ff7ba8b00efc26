import {usableConnections} from '../derive/connections.js'
import {IDLE_IN_TRANSACTION, QUERY_WAIT_SECONDS, RESERVE_TIMEOUT_SECONDS} from '../derive/pool-budget.js'
import {poolerNumber, poolModeOf} from '../derive/pooler.js'
import {settingBytes, settingMs} from '../derive/settings.js'
import {baseValue} from '../fix/values.js'
import type {FixRequest} from '../rule.js'
import type {Pooler} from '../snapshot.js'
import type {Situation} from './chain.js'
import {installation} from './installation.js'
import {COMMITTED_SHARE, needsPooler} from './sizes.js'
import type {Sizes} from './types.js'

/** The lines that bring the installation to these sizes; what is large enough and fits is left alone. */
export function requestsFor(situation: Situation, sizes: Sizes, users: number): FixRequest[] {
  const {poolers} = situation
  const pooler = poolers.length > 0 ? poolers.flatMap(one => poolerRequests(one, situation, sizes)) : []
  const newPooler = poolers.length === 0 && needsPooler(situation, users) ? [installation(situation, sizes)] : []
  return [...serverRequests(situation, sizes), ...pooler, ...newPooler]
}

function serverRequests({snapshot, pools}: Situation, sizes: Sizes): FixRequest[] {
  const {settings} = snapshot.sections
  if (!settings.ok) return []
  const has = (name: string) => settings.data.some(item => item.name === name)
  const number = (name: string) => Number(settings.data.find(item => item.name === name)?.value)
  const requests: FixRequest[] = []
  if (sizes.maxConnections > number('max_connections')) {
    const note = 'the pools that the load needs do not fit otherwise; each backend may use work_mem several times'
    requests.push({kind: 'setting', name: 'max_connections', to: `${sizes.maxConnections}`, risk: 'review', note})
  }
  if (
    has('idle_in_transaction_session_timeout') &&
    settingMs(settings.data, 'idle_in_transaction_session_timeout') === 0
  ) {
    const note = 'a forgotten transaction would keep its server connection for ever'
    requests.push({kind: 'setting', name: 'idle_in_transaction_session_timeout', to: IDLE_IN_TRANSACTION, note})
  }
  if (sizes.workMem && has('work_mem')) {
    const affordable = Number(baseValue(sizes.workMem, 'kB')) * 1024
    if (settingBytes(settings.data, 'work_mem') > affordable) {
      const note = `with ${pools.connections || sizes.pool + sizes.reserve} backends half of the memory holds no more`
      requests.push({kind: 'setting', name: 'work_mem', to: sizes.workMem, risk: 'review', note})
    }
  }
  return requests
}

function poolerRequests(pooler: Pooler, {snapshot, pools}: Situation, sizes: Sizes): FixRequest[] {
  const requests: FixRequest[] = []
  const set = (name: string, to: string, note?: string, database?: string) =>
    requests.push({kind: 'pooler', pooler, name, to, ...(note && {note, risk: 'review'}), ...(database && {database})})
  const now = (name: string) => poolerNumber(pooler, name)
  const own = pools.pools.filter(pool => pool.pooler === pooler)
  const isOver = !fits(snapshot, pools.connections)

  if (own.some(({database, user}) => poolModeOf(pooler, database, user ?? undefined) === 'session')) {
    set('pool_mode', 'transaction', 'first see what the pooler/* rules of ahsp-db check say about session state')
  }
  const size = now('default_pool_size') ?? 0
  const wanted = isOver || size < sizes.defaultPoolSize ? sizes.defaultPoolSize : size
  if (wanted !== size) set('default_pool_size', `${wanted}`)
  for (const database of new Set(own.map(pool => pool.database))) {
    const hasOwn = database.poolSize !== size
    if (hasOwn && (isOver || database.poolSize < sizes.defaultPoolSize)) {
      set('pool_size', `${sizes.defaultPoolSize}`, undefined, database.name)
    }
  }
  const reserve = now('reserve_pool_size') ?? 0
  if (isOver ? reserve !== sizes.reservePoolSize : reserve < sizes.reservePoolSize) {
    set('reserve_pool_size', `${sizes.reservePoolSize}`)
  }
  if ((now('min_pool_size') ?? 0) < Math.floor(wanted / 4)) set('min_pool_size', `${Math.floor(wanted / 2)}`)
  if ((now('max_client_conn') ?? 0) < sizes.maxClientConn) {
    set(
      'max_client_conn',
      `${sizes.maxClientConn}`,
      'the process needs as many open files, and one for each server connection',
    )
  }
  const wait = now('query_wait_timeout') ?? 0
  if (wait === 0 || wait > QUERY_WAIT_SECONDS) set('query_wait_timeout', `${QUERY_WAIT_SECONDS}`)
  const patience = now('reserve_pool_timeout') ?? 0
  if (patience === 0 || patience >= QUERY_WAIT_SECONDS) set('reserve_pool_timeout', `${RESERVE_TIMEOUT_SECONDS}`)
  return requests
}

function fits({sections: {settings}}: Situation['snapshot'], connections: number): boolean {
  return !settings.ok || connections <= Math.floor(usableConnections(settings.data).usable * COMMITTED_SHARE)
}
