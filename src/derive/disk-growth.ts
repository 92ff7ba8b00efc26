import type {Database, Server, Snapshot, Table} from '../snapshot.js'

export type DiskGrowth = {
  /** bytes; negative when it shrank */
  grown: number
  seconds: number
  perSecond: number
  /** the tables that grew most, in bytes, with their indexes and TOAST */
  tables: {schema: string; name: string; grown: number}[]
}

const MOST = 5

type Now = {server: Server; databases: Database[]; tables: Table[] | null; at: number}

/** How the connected database grew since the baseline; a text says why the two cannot be compared. */
export function diskGrowth(now: Now, baseline: Snapshot): DiskGrowth | string {
  const {server, databases, tables} = baseline.sections
  if (!server.ok || !databases.ok) return 'the baseline has no sizes'
  const ids = [now.server.systemIdentifier, server.data.systemIdentifier]
  if (!ids.includes(null) && ids[0] !== ids[1]) return 'the baseline is of another server'
  const database = now.server.database
  if (server.data.database !== database) return `the baseline is of the database ${server.data.database}`
  const seconds = now.at - baseline.collectedAt
  if (seconds <= 0) return 'the baseline is not older than this snapshot'
  const sizeIn = (rows: Database[]) => rows.find(({name}) => name === database)?.sizeBytes ?? null
  const [size, before] = [sizeIn(now.databases), sizeIn(databases.data)]
  if (size === null || before === null) return 'the size of the database is not known'
  const earlier = new Map(tables.ok ? tables.data.map(({oid, bytes}) => [oid, bytes]) : [])
  const growing = (now.tables ?? [])
    .map(({oid, schema, name, bytes}) => ({schema, name, grown: bytes - (earlier.get(oid) ?? 0)}))
    .filter(({grown}) => grown > 0)
    .sort((a, b) => b.grown - a.grown)
  const grown = size - before
  return {grown, seconds, perSecond: grown / seconds, tables: tables.ok ? growing.slice(0, MOST) : []}
}
