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

/** For each command; a console that answers later than this is itself in trouble. */
const DEADLINE_MS = 3000

/** A console that is being read: cheap looks while the run goes on, everything else at its end. */
export type PoolerReader = {
  readonly name: string
  /** SHOW POOLS and STATS; with `pids` SHOW SERVERS too. Never throws: a failure ends the reading of this pooler. */
  look: (options?: {pids?: boolean}) => Promise<void>
  /** The last look and all sections. Throws what went wrong first. */
  finish: () => Promise<Pooler>
}

export function poolerReader({connection, addresses}: Console): PoolerReader {
  const {host, port, user} = connection.target
  const samples: PoolerSample[] = []
  const unread: Pooler['unread'] = []
  let failed: Error | null = null
  let startedAt: number | null = null

  const show = async (command: string): Promise<Row[]> => {
    const [rows = []] = await connection.run(`SHOW ${command}`, {deadlineMs: DEADLINE_MS})
    return rows
  }
  /** A command that this version, or this user, may not have. */
  const tryShow = async (command: string): Promise<Row[] | null> => {
    try {
      return await show(command)
    } catch (error) {
      if (!connection.isOpen) throw error
      unread.push({command: `SHOW ${command}`, message: (error as Error).message})
      return null
    }
  }
  const look = async (pids: boolean) => {
    const asked = performance.now()
    startedAt ??= asked
    const pools = toPools(await show('POOLS'))
    const answeredMs = performance.now() - asked
    const stats = toStats(await show('STATS'))
    const servers = pids ? toServers(await show('SERVERS')) : []
    const remotePids = servers.map(({remotePid}) => remotePid).filter(pid => pid > 0)
    samples.push({at: (asked - startedAt) / 1000, pools, stats, remotePids, answeredMs})
  }
  return {
    name: `PgBouncer at ${host}:${port}`,
    async look({pids = false} = {}) {
      if (failed) return
      await look(pids).catch((error: Error) => {
        failed = error
      })
    },
    async finish() {
      try {
        if (failed) throw failed
        await look(true)
        const banner = Object.values((await show('VERSION'))[0] ?? {}).join(' ')
        const {version, versionNum} = toVersion(banner || (connection.parameters.server_version ?? ''))
        const isNew = versionNum >= 11900
        const state = isNew ? await tryShow('STATE') : null
        const peers = isNew ? await tryShow('PEERS') : null
        const dns = await tryShow('DNS_HOSTS')
        return {
          target: {host, port, user},
          addresses,
          version,
          versionNum,
          config: toConfig(await show('CONFIG')),
          databases: toDatabases(await show('DATABASES')),
          users: toUsers((await tryShow('USERS')) ?? []),
          lists: toLists((await tryShow('LISTS')) ?? []),
          clients: toClients((await tryShow('CLIENTS')) ?? []),
          servers: toServers(await show('SERVERS')),
          memoryBytes: toMemory((await tryShow('MEM')) ?? []),
          state: state && toState(state),
          peers: peers && toPeers(peers),
          dns: dns && toDns(dns),
          samples,
          unread,
        }
      } finally {
        await connection.close()
      }
    },
  }
}
