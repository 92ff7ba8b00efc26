import type {Checkpoints, Database, Index, Replica, Section, Server, Table} from '../snapshot.js'
import {seconds} from '../units.js'
import {type StatisticsWindow, statisticsWindow} from './window.js'

type Sections = {server: Server; databases: Database[]; checkpoints: Section<Checkpoints>}

/** What the index scans cover, on this server and on all replicas whose scans were added; or why they prove nothing. */
export function scansWindow(
  {server, databases, checkpoints}: Sections,
  minSeconds: number,
  rule: string,
): StatisticsWindow | {cannotJudge: string; cure?: string} {
  if (server.inRecovery) {
    return {
      cannotJudge: 'a standby counts only its own scans',
      cure: `ahsp-db check --only ${rule}   # on the primary`,
    }
  }
  const database = databases.find(({name}) => name === server.database)
  if (!database) return {cannotJudge: `pg_stat_database has no row for ${server.database}`}
  const own = statisticsWindow(database, server, checkpoints)
  const window = (server.replicas ?? []).reduce(
    (shortest, {target, seconds}) =>
      seconds < shortest.seconds
        ? {since: server.now - seconds, seconds, isExact: false, source: `the statistics of ${target}`}
        : shortest,
    own,
  )
  if (window.seconds >= minSeconds) return window
  return {cannotJudge: `the statistics cover only ${seconds(window.seconds)}, since ${window.source}`}
}

/** Which servers' scans are in the counts, and which are not. */
export function scansSeen(server: Server, replicas: Section<Replica[]>): {text: string; isComplete: boolean} {
  const added = server.replicas?.length ?? 0
  const connected = replicas.ok ? replicas.data.filter(({state}) => state === 'streaming').length : 0
  const where = added === 0 ? 'on this server' : `on this server and ${added} replica${added === 1 ? '' : 's'} of it`
  if (connected <= added) return {text: where, isComplete: true}
  const missing = connected - added
  return {
    text:
      `${where}; ${missing === 1 ? 'one more receives' : `${missing} more receive`} its WAL and may read it ` +
      '(ahsp-db check --snapshot primary.json --snapshot replica.json adds their scans)',
    isComplete: false,
  }
}

/** What an index costs: rows that were added, or moved by an update, since the statistics began. */
export const writesTo = (table: Table | undefined): number =>
  table ? table.inserts + table.deletes + table.updates - table.hotUpdates : 0

/** Whether its scans are known everywhere, and none of them is recent (16+ knows when the last one was). */
export function isIdle({scans, lastScan, replicaScans}: Index, now: number, staleAfter: number): boolean {
  if (replicaScans === null) return false
  return lastScan === null ? scans === 0 : now - lastScan >= staleAfter
}
