import {consoleName} from '../../collect/pgbouncer/open.js'
import {toConfig, toLists, toPools, toStats} from '../../collect/pgbouncer/rows.js'
import {type Console, consoleSettings, openConsole} from '../../connect/pgbouncer.js'
import {type ConnectionSettings, placeOf} from '../../connect/settings.js'
import type {PoolerSample} from '../../snapshot.js'
import type {PoolSample, RunRecord} from '../record.js'
import {now} from './clock.js'
import {refusalOf} from './held.js'
import {thinned} from './ticks.js'

const DEADLINE_MS = 2000
/** Seconds between two looks at SHOW STATS. */
const STATS_EVERY = 2
/** Looks kept for the last snapshot. */
const KEPT = 300

export type ConsoleWatch = {
  name: string
  /** one second; never throws */
  tick: (tick: number, last?: boolean) => Promise<void>
  /** the held session, a new one when it was lost; throws ConnectError */
  console: () => Promise<Console>
  /** looks with statistics since the run began, as a snapshot has them */
  samples: () => PoolerSample[]
  /** seconds since the first of them */
  age: () => number
  close: () => Promise<void>
}

/** One for each PgBouncer that is named, however often. Throws CliError (exit 2) for what cannot be understood. */
export async function watchConsoles(
  conninfos: readonly string[],
  env: NodeJS.ProcessEnv,
  emit: (record: RunRecord) => void,
): Promise<ConsoleWatch[]> {
  const all = await Promise.all(conninfos.map(conninfo => consoleSettings(conninfo, env)))
  const places = all.map(({hosts}) => hosts.map(placeOf).join(', '))
  return all.filter((_, at) => places.indexOf(places[at]!) === at).map(settings => watchConsole(settings, emit))
}

function watchConsole(settings: ConnectionSettings, emit: (record: RunRecord) => void): ConsoleWatch {
  const name = consoleName(settings.hosts[0]!)
  const held = heldConsole(settings, error => emit(refusalOf(name, error)))
  let samples: PoolerSample[] = []
  let firstAt: number | null = null
  const look = async (withStats: boolean) => {
    const {console, maxClientConn} = await held.open()
    const asked = performance.now()
    const pools = toPools(await show(console, 'POOLS'))
    const answeredMs = performance.now() - asked
    const lists = toLists(await show(console, 'LISTS'))
    const stats = withStats ? toStats(await show(console, 'STATS')) : null
    emit(poolSample(name, pools, {usedClients: lists.used_clients ?? null, maxClientConn, stats}))
    if (!stats) return
    firstAt ??= asked
    if (isRestarted(samples.at(-1)?.stats ?? [], stats)) samples = []
    samples = thinned([...samples, {at: (asked - firstAt) / 1000, pools, stats, remotePids: [], answeredMs}], KEPT)
  }
  return {
    name,
    age: () => (firstAt === null ? 0 : (performance.now() - firstAt) / 1000),
    samples: () => samples,
    console: async () => (await held.open()).console,
    async tick(tick, last = false) {
      try {
        await look(last || tick % STATS_EVERY === 0)
      } catch (error) {
        held.failed(error as Error)
      }
    },
    close: held.close,
  }
}

type Opened = {console: Console; maxClientConn: number | null}

/** One session for the whole run; each loss and each refusal of a new one goes to `refused`, once. */
function heldConsole(settings: ConnectionSettings, refused: (error: Error) => void) {
  let opened: Opened | null = null
  return {
    async open(): Promise<Opened> {
      if (opened?.console.connection.isOpen) return opened
      if (opened) refused(opened.console.connection.lostBy ?? new Error('the connection was lost'))
      opened = null
      const console = await openConsole(settings)
      const limit = toConfig(await show(console, 'CONFIG')).find(each => each.name === 'max_client_conn')
      opened = {console, maxClientConn: limit ? Number(limit.value) : null}
      return opened
    },
    failed(error: Error) {
      refused(error)
      if (!opened?.console.connection.isOpen) opened = null
    },
    close: async () => opened?.console.connection.close(),
  }
}

const show = async ({connection}: Console, command: string) =>
  (await connection.run(`SHOW ${command}`, {deadlineMs: DEADLINE_MS}))[0] ?? []

type Stats = PoolerSample['stats']

const sum = (stats: Stats, what: 'transactions' | 'waitTimeUs' | 'transactionTimeUs') =>
  stats.reduce((all, each) => all + each[what], 0)

/** Counters begin again when PgBouncer does. */
const isRestarted = (before: Stats, after: Stats) => sum(after, 'transactions') < sum(before, 'transactions')

function poolSample(
  console: string,
  pools: PoolerSample['pools'],
  rest: {usedClients: number | null; maxClientConn: number | null; stats: Stats | null},
): PoolSample {
  const {usedClients, maxClientConn, stats} = rest
  return {
    type: 'pools',
    at: now(),
    console,
    pools: pools.map(pool => ({
      database: pool.database,
      user: pool.user,
      clientsActive: pool.clientsActive,
      clientsWaiting: pool.clientsWaiting,
      serversActive: pool.serversActive,
      serversIdle: pool.serversIdle,
      serversOther: pool.serversUsed + pool.serversTested + pool.serversLogin,
      maxWait: pool.maxWait,
      poolMode: pool.poolMode,
    })),
    usedClients,
    maxClientConn,
    transactions: stats && sum(stats, 'transactions'),
    waitMicros: stats && sum(stats, 'waitTimeUs'),
    transactionMicros: stats && sum(stats, 'transactionTimeUs'),
  }
}
