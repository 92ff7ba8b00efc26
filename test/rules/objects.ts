import type {ForeignKey, Index, Statement, Table} from '../../src/snapshot.js'

/** Parts of a snapshot for the tests of judgement; what is not given is harmless. */
export function table(name: string, part: Partial<Table> = {}): Table {
  return {
    oid: 1,
    schema: 'public',
    name,
    kind: 'table',
    persistence: 'permanent',
    isPartition: false,
    pages: 1000,
    rowsEstimate: 50_000,
    allVisiblePages: 0,
    bytes: 0,
    seqScans: 0,
    seqRowsRead: 0,
    indexScans: 0,
    indexRowsFetched: 0,
    inserts: 0,
    updates: 0,
    deletes: 0,
    hotUpdates: 0,
    liveRows: 0,
    deadRows: 0,
    modifiedSinceAnalyze: 0,
    insertedSinceVacuum: null,
    lastVacuum: null,
    lastAutovacuum: null,
    lastAnalyze: null,
    lastAutoanalyze: null,
    lastSeqScan: null,
    lastIndexScan: null,
    frozenXidAge: 0,
    multixactAge: 0,
    options: {},
    toastPages: 0,
    ...part,
  }
}

let oid = 100

/** A b-tree on table 1; `columns` are attribute numbers. */
export function index(name: string, columns: number[], part: Partial<Index> = {}): Index {
  return {
    oid: oid++,
    schema: 'public',
    name,
    tableOid: 1,
    table: 'child',
    method: 'btree',
    keyColumns: columns,
    keyNames: columns.map(column => (column === 0 ? null : `c${column}`)),
    includedColumns: [],
    opclasses: columns.map(() => 1978),
    collations: columns.map(() => 0),
    ordering: columns.map(() => 0),
    expressions: null,
    predicate: null,
    isUnique: false,
    nullsNotDistinct: false,
    isImmediate: true,
    isPrimary: false,
    isExclusion: false,
    isReplicaIdentity: false,
    isClustered: false,
    isValid: true,
    isReady: true,
    isLive: true,
    isPartition: false,
    isPartitioned: false,
    constraint: null,
    pages: 5000,
    rowsEstimate: 50_000,
    scans: 0,
    rowsRead: 0,
    rowsFetched: 0,
    lastScan: null,
    options: {},
    definition: `USING btree (${columns.map(column => `c${column}`).join(', ')})`,
    ...part,
  }
}

/** From table 1 ("child") to table 2 ("parent"). */
export function foreignKey(columns: number[], part: Partial<ForeignKey> = {}): ForeignKey {
  return {
    oid: oid++,
    name: `child_${columns.join('_')}_fkey`,
    tableOid: 1,
    schema: 'public',
    table: 'child',
    columns,
    columnNames: columns.map(column => `c${column}`),
    referencedOid: 2,
    referencedSchema: 'public',
    referencedTable: 'parent',
    referencedColumns: columns.map((_, position) => position + 1),
    referencedColumnNames: columns.map((_, position) => `k${position + 1}`),
    onDelete: 'a',
    onUpdate: 'a',
    isValidated: true,
    parentOid: null,
    ...part,
  }
}

export function statement(queryid: string, part: Partial<Statement> = {}): Statement {
  const {calls = 1000, meanMs = 1} = part
  return {
    dbid: 5,
    userid: 10,
    database: 'ahsp',
    user: 'app',
    queryid,
    toplevel: true,
    calls,
    totalMs: calls * meanMs,
    minMs: meanMs,
    maxMs: meanMs,
    meanMs,
    stddevMs: 0,
    plans: null,
    planMs: null,
    rows: calls,
    sharedHit: 0,
    sharedRead: 0,
    sharedDirtied: 0,
    sharedWritten: 0,
    tempRead: 0,
    tempWritten: 0,
    ioReadMs: 0,
    ioWriteMs: 0,
    walBytes: null,
    statsSince: null,
    ...part,
  }
}
