import type {Index, Snapshot} from '../snapshot.js'
import {statisticsWindow} from './window.js'

/** Why the index scans of `replica` cannot be added to those of `judged`; null: they can. `others` were added before. */
export function notAReplica(judged: Snapshot, replica: Snapshot, others: readonly Snapshot[]): string | null {
  const [mine, theirs] = [judged.sections.server, replica.sections.server]
  if (!mine.ok || !theirs.ok) return 'one of the snapshots does not tell which server it is of'
  const [own, id] = [mine.data.systemIdentifier, theirs.data.systemIdentifier]
  if (own === null || id === null) return 'the system identifier is hidden: no way to tell whether it is a replica'
  if (own !== id) return `another system than the first (identifier ${id}, not ${own})`
  if (mine.data.database !== theirs.data.database) {
    return `database ${JSON.stringify(theirs.data.database)}, the first is of ${JSON.stringify(mine.data.database)}`
  }
  if (!theirs.data.inRecovery) return 'not a replica: it was not in recovery'
  const isSame = ({sections: {server}}: Snapshot) =>
    server.ok && server.data.startedAt === theirs.data.startedAt && server.data.now === theirs.data.now
  if ([judged, ...others].some(isSame)) return 'given twice'
  if (!replica.sections.indexes.ok) return `its indexes were not read (${replica.sections.indexes.message})`
  return null
}

/**
 * `judged` with the index scans of its replicas added, by schema-qualified name. An index that a replica's snapshot does
 * not hold (it has a limit) gets `replicaScans: null`, because it may be in use there.
 */
export function withReplicas(judged: Snapshot, replicas: readonly Snapshot[]): Snapshot {
  const {server, indexes} = judged.sections
  if (!server.ok || !indexes.ok) return judged
  const readings = replicas.map(({sections}) => byName(sections.indexes.ok ? sections.indexes.data : []))
  const added = {...server.data, replicas: replicas.map(describe)}
  return {
    ...judged,
    sections: {
      ...judged.sections,
      server: {...server, data: added},
      indexes: {...indexes, data: indexes.data.map(index => add(index, readings))},
    },
  }
}

const nameOf = ({schema, name}: Index) => JSON.stringify([schema, name])
const byName = (indexes: readonly Index[]) => new Map(indexes.map(index => [nameOf(index), index]))

function add(index: Index, readings: Map<string, Index>[]): Index {
  const theirs = readings.map(reading => reading.get(nameOf(index)))
  const known = theirs.filter(other => other !== undefined)
  const sum = (of: (index: Index) => number) => known.reduce((total, other) => total + of(other), 0)
  const last = Math.max(...[index, ...known].map(({lastScan}) => lastScan ?? 0))
  return {
    ...index,
    scans: index.scans + sum(({scans}) => scans),
    rowsRead: index.rowsRead + sum(({rowsRead}) => rowsRead),
    rowsFetched: index.rowsFetched + sum(({rowsFetched}) => rowsFetched),
    lastScan: last === 0 ? null : last,
    replicaScans: known.length < theirs.length ? null : sum(({scans}) => scans),
  }
}

/** What the counters of a replica cover: they are its own, and begin when they were reset there or it was made. */
function describe({target, sections}: Snapshot): {target: string; seconds: number} {
  const {server, databases, checkpoints} = sections
  const name = `${target.host}:${target.port}`
  if (!server.ok || !databases.ok) return {target: name, seconds: 0}
  const database = databases.data.find(row => row.name === server.data.database)
  return {target: name, seconds: statisticsWindow(database ?? {statsReset: null}, server.data, checkpoints).seconds}
}
