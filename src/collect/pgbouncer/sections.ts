import type {Console} from '../../connect/pgbouncer.js'
import type {Pooler, PoolerSample} from '../../snapshot.js'
import {
  type Row,
  toClients,
  toConfig,
  toDatabases,
  toDns,
  toLists,
  toMemory,
  toPeers,
  toPools,
  toServers,
  toState,
  toStats,
  toUsers,
  toVersion,
} from './rows.js'

/** What is asked of a console, in this order; POOLS, STATS and SERVERS several times. */
export const COMMANDS = [
  'POOLS',
  'STATS',
  'SERVERS',
  'VERSION',
  'STATE',
  'PEERS',
  'DNS_HOSTS',
  'CONFIG',
  'DATABASES',
  'USERS',
  'LISTS',
  'CLIENTS',
  'MEM',
] as const
type Command = (typeof COMMANDS)[number]

/** For each command; a console that answers later than this is itself in trouble. */
const DEADLINE_MS = 2000

/** STATE and PEERS came with 1.19. */
const WITH_PEERS = 11_900

async function show({connection}: Console, command: Command): Promise<Row[]> {
  const [rows = []] = await connection.run(`SHOW ${command}`, {deadlineMs: DEADLINE_MS})
  return rows
}

/** SHOW POOLS and STATS, with `pids` SERVERS too. Throws QueryError. */
export async function takeSample(console: Console, pids: boolean): Promise<Omit<PoolerSample, 'at'>> {
  const asked = performance.now()
  const pools = toPools(await show(console, 'POOLS'))
  const answeredMs = performance.now() - asked
  const stats = toStats(await show(console, 'STATS'))
  const servers = pids ? toServers(await show(console, 'SERVERS')) : []
  return {pools, stats, remotePids: servers.map(({remotePid}) => remotePid).filter(pid => pid > 0), answeredMs}
}

/** Everything but the samples. Throws QueryError when something that no rule can do without is refused. */
export async function readSections(console: Console): Promise<Omit<Pooler, 'samples'>> {
  const {connection, addresses} = console
  const {host, port, user} = connection.target
  const unread: Pooler['unread'] = []
  /** A command that this version, or this user, may not have. */
  const tryShow = async (command: Command): Promise<Row[] | null> => {
    try {
      return await show(console, command)
    } catch (error) {
      if (!connection.isOpen) throw error
      unread.push({command: `SHOW ${command}`, message: (error as Error).message})
      return null
    }
  }
  const banner = Object.values((await show(console, 'VERSION'))[0] ?? {}).join(' ')
  const {version, versionNum} = toVersion(banner || (connection.parameters.server_version ?? ''))
  const state = versionNum >= WITH_PEERS ? await tryShow('STATE') : null
  const peers = versionNum >= WITH_PEERS ? await tryShow('PEERS') : null
  const dns = await tryShow('DNS_HOSTS')
  return {
    target: {host, port, user},
    addresses,
    version,
    versionNum,
    config: toConfig(await show(console, 'CONFIG')),
    databases: toDatabases(await show(console, 'DATABASES')),
    users: toUsers((await tryShow('USERS')) ?? []),
    lists: toLists((await tryShow('LISTS')) ?? []),
    clients: toClients((await tryShow('CLIENTS')) ?? []),
    servers: toServers(await show(console, 'SERVERS')),
    memoryBytes: toMemory((await tryShow('MEM')) ?? []),
    state: state && toState(state),
    peers: peers && toPeers(peers),
    dns: dns && toDns(dns),
    unread,
  }
}
