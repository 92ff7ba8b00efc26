import {describe, expect, it} from 'vitest'
import duplicate from '../../src/rules/indexes/duplicate.js'
import foreignKeyUnindexed from '../../src/rules/indexes/foreign-key-unindexed.js'
import unused from '../../src/rules/indexes/unused.js'
import type {ForeignKey, Index, Server, Table} from '../../src/snapshot.js'
import {newIndexName} from '../../src/sql/index-name.js'
import {foreignKey, index, table} from './objects.js'
import {database, findingsOf, judge, NOW, ok, server} from './sections.js'

const DAY = 86_400

describe('indexes/foreign-key-unindexed', () => {
  const child = (part: Partial<Table> = {}) => table('child', {oid: 1, ...part})
  const parent = (part: Partial<Table> = {}) => table('parent', {oid: 2, ...part})
  const check = (indexes: Index[], foreignKeys: ForeignKey[] = [foreignKey([2])], tables = [child(), parent()]) =>
    findingsOf(judge(foreignKeyUnindexed, {databases: [], tables, foreignKeys, indexes: ok(indexes)}))

  it.each<[string, Index, number]>([
    ['exactly these columns', index('i', [2]), 0],
    ['more columns behind', index('i', [2, 3]), 0],
    ['a non-leading place', index('i', [3, 2]), 1],
    ['a partial index', index('i', [2], {predicate: '(c3 > 0)'}), 1],
    ['an expression', index('i', [0], {expressions: 'lower(c2)'}), 1],
    ['an INCLUDEd column', index('i', [3], {includedColumns: [2]}), 1],
    ['an invalid index', index('i', [2], {isValid: false}), 1],
    ['a build in progress', index('i', [2], {isValid: false, isReady: false}), 1],
    ['hash', index('i', [2], {method: 'hash'}), 0],
    ['BRIN', index('i', [2], {method: 'brin'}), 1],
    ['GIN, which has no leading column', index('i', [3, 2], {method: 'gin'}), 0],
    ['another table', index('i', [2], {tableOid: 9}), 1],
  ])('%s', (_, candidate, findings) => {
    expect(check([candidate])).toHaveLength(findings)
  })

  it.each<[string, Index[], number]>([
    ['in their order', [index('i', [2, 3])], 0],
    ['in another order', [index('i', [3, 2, 4])], 0],
    ['with a gap', [index('i', [2, 4, 3])], 1],
    ['only one of them', [index('i', [2])], 1],
    ['one of them, unique: at most one row', [index('i', [3], {isUnique: true})], 0],
  ])('two columns: %s', (_, indexes, findings) => {
    expect(check(indexes, [foreignKey([2, 3])])).toHaveLength(findings)
  })

  it.each<[string, Partial<Table>, Partial<Table>, string | undefined]>([
    ['tiny', {rowsEstimate: 999, pages: 19}, {deletes: 5}, undefined],
    ['few rows on many pages', {rowsEstimate: 999, pages: 20}, {}, 'low'],
    ['never analyzed, rows known by the counters', {rowsEstimate: -1, liveRows: 1000, pages: 0}, {}, 'low'],
    ['small, with deletes', {rowsEstimate: 1000}, {deletes: 1}, 'medium'],
    ['large', {rowsEstimate: 10_000}, {}, 'medium'],
    ['read again and again', {seqScans: 100, seqRowsRead: 100 * 50_000}, {}, 'high'],
    ['read rarely', {seqScans: 99, seqRowsRead: 99 * 50_000}, {}, 'medium'],
    ['small, but read again and again', {rowsEstimate: 1000, seqScans: 100, seqRowsRead: 100_000}, {}, 'medium'],
    ['small, read rarely', {rowsEstimate: 1000, seqScans: 99, seqRowsRead: 99_000}, {}, 'low'],
    ['scans that stop early', {seqScans: 5000, seqRowsRead: 5000}, {}, 'medium'],
  ])('severity: %s', (_, childPart, parentPart, severity) => {
    expect(check([], undefined, [child(childPart), parent(parentPart)])[0]?.severity).toBe(severity)
  })

  it('counts scans by the day: a nightly job of a year is not often', () => {
    const yearly = child({seqScans: 365, seqRowsRead: 365 * 50_000})
    const severity = (statsReset: number) => {
      const input = {databases: [database('ahsp', {statsReset})], tables: [yearly, parent()], indexes: ok([])}
      return findingsOf(judge(foreignKeyUnindexed, {...input, foreignKeys: [foreignKey([2])]}))[0]!.severity
    }
    expect([severity(NOW - 365 * DAY), severity(NOW - 3 * DAY)]).toEqual(['medium', 'high'])
  })

  it('reports an inherited constraint on the parent alone, for the partitions that lack the index', () => {
    const tables = [
      child({kind: 'partitioned', rowsEstimate: -1, pages: 0}),
      table('p1', {oid: 11, isPartition: true}),
      table('p2', {oid: 12, isPartition: true}),
      parent(),
    ]
    const declared = foreignKey([2])
    const inherited = [11, 12].map(tableOid => foreignKey([3], {tableOid, parentOid: declared.oid}))
    const keys = [declared, ...inherited]
    const [finding, ...others] = check([index('i', [3], {tableOid: 11})], keys, tables)
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      subject: '"public"."child" ("c2")',
      fixes: [
        {
          statements: [
            'CREATE INDEX CONCURRENTLY "p2_c2_idx" ON "public"."p2" ("c2")',
            'CREATE INDEX "child_c2_idx" ON "public"."child" ("c2")',
          ],
          undo: ['DROP INDEX "public"."child_c2_idx"'],
        },
      ],
    })
    expect(check([index('i', [3], {tableOid: 11}), index('j', [3], {tableOid: 12})], keys, tables)).toEqual([])
  })

  it('asks for one index when two foreign keys share their columns, under a free name', () => {
    const keys = [foreignKey([2]), foreignKey([2], {referencedTable: 'other', referencedOid: 3})]
    const findings = check([index('child_c2_idx', [5])], keys)
    expect(findings).toHaveLength(1)
    expect(findings[0]!.fixes[0]).toMatchObject({
      statements: ['CREATE INDEX CONCURRENTLY "child_c2_idx1" ON "public"."child" ("c2")'],
      undo: ['DROP INDEX CONCURRENTLY "public"."child_c2_idx1"'],
    })
  })

  it('names every one of them', () => {
    const keys = Array.from({length: 14}, (_, i) => foreignKey([i + 2]))
    expect(check([], keys)).toHaveLength(14)
  })

  it('does not judge without all the indexes', () => {
    const input = {databases: [], tables: [child()], foreignKeys: [foreignKey([2])]}
    const verdict = judge(foreignKeyUnindexed, {...input, indexes: {ok: true, data: [], total: 6000}})
    expect(verdict).toEqual({cannotJudge: 'only 0 of 6000 indexes were read'})
    expect(judge(foreignKeyUnindexed, {...input, indexes: {ok: false, message: 'timeout'}})).toHaveProperty(
      'cannotJudge',
    )
  })
})

describe('newIndexName', () => {
  it('stays within 63 bytes, whole characters, and apart', () => {
    const taken = new Set<string>()
    const names = [1, 2, 3].map(() => newIndexName('t'.repeat(50), ['übergröße', 'ß'.repeat(20)], taken))
    expect(new Set(names).size).toBe(3)
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
    expect(names[0]).toMatch(/^t+_übergr_idx$/)
    expect(names[1]).toMatch(/_idx1$/)
  })
})

describe('indexes/duplicate', () => {
  const check = (...indexes: Index[]) => findingsOf(judge(duplicate, {indexes})).map(({subject}) => subject)

  it.each<[string, Partial<Index>, Partial<Index>]>([
    [
      'lower(email) and upper(name)',
      {keyColumns: [0], expressions: 'lower(email)'},
      {keyColumns: [0], expressions: 'upper(name)'},
    ],
    ['two predicates', {predicate: 'is_active'}, {predicate: 'is_staff'}],
    ['a predicate and none', {predicate: 'is_active'}, {}],
    ['order of columns', {keyColumns: [2, 3]}, {keyColumns: [3, 2]}],
    ['a longer one', {keyColumns: [2]}, {keyColumns: [2, 3]}],
    ['method', {method: 'hash'}, {}],
    ['operator class', {opclasses: [1994]}, {opclasses: [10049]}],
    ['collation', {collations: [100]}, {collations: [950]}],
    ['direction', {ordering: [3]}, {}],
    ['INCLUDE', {includedColumns: [4]}, {}],
    ['uniqueness', {isUnique: true}, {}],
    ['NULLS NOT DISTINCT', {isUnique: true, nullsNotDistinct: true}, {isUnique: true}],
    ['a deferrable constraint', {isUnique: true, isImmediate: false, constraint: 'c'}, {isUnique: true}],
    ['table', {tableOid: 7}, {}],
    ['an invalid one', {isValid: false}, {}],
    ['both back constraints', {isUnique: true, constraint: 'a'}, {isUnique: true, constraint: 'b'}],
    ['children of partitioned indexes', {isPartition: true}, {isPartition: true}],
  ])('not the same: %s', (_, a, b) => {
    expect(check(index('a', [2], a), index('b', [2], b))).toEqual([])
  })

  it.each<[string, Partial<Index>, Partial<Index>, string]>([
    ['the one with fewer scans', {scans: 3}, {scans: 9}, 'a'],
    ['the newer one', {}, {}, 'b'],
    ["not Django's own", {name: 'a'}, {name: 'child_c2_aedaee21'}, 'a'],
    ["not Django's own, however used", {scans: 9}, {name: 'child_c2_aedaee21_like'}, 'a'],
    ["not Rails' own", {scans: 9}, {name: 'index_child_on_c2'}, 'a'],
    ['never the one of a constraint', {isUnique: true, constraint: 'c'}, {isUnique: true, scans: 9}, 'b'],
    ['never the primary key', {isUnique: true, isPrimary: true, constraint: 'c'}, {isUnique: true, scans: 9}, 'b'],
    ['never the replica identity', {isReplicaIdentity: true}, {scans: 9}, 'b'],
    ['never the clustered one', {isClustered: true}, {scans: 9}, 'b'],
    ['never the child of a partitioned index', {isPartition: true}, {scans: 9}, 'b'],
    ['the same INCLUDE in another order', {includedColumns: [4, 5]}, {includedColumns: [5, 4]}, 'b'],
    ['the same expression', {expressions: 'lower(email)'}, {expressions: 'lower(email)'}, 'b'],
  ])('goes: %s', (_, a, b, goes) => {
    expect(check(index('a', [2], a), index('b', [2], b))).toEqual([`"public"."${goes}"`])
  })

  it('leaves one of three', () => {
    expect(check(index('a', [2]), index('b', [2], {scans: 1}), index('c', [2]))).toEqual([
      '"public"."a"',
      '"public"."c"',
    ])
  })

  it.each<[string, Partial<Index>, object]>([
    [
      'quotes both ways',
      {name: 'b"b', isUnique: true},
      {
        statements: ['DROP INDEX CONCURRENTLY "public"."b""b"'],
        undo: ['CREATE UNIQUE INDEX CONCURRENTLY "b""b" ON "public"."child" USING btree (c2)'],
      },
    ],
    [
      'a partitioned index knows no CONCURRENTLY',
      {isPartitioned: true, isUnique: true},
      {statements: ['DROP INDEX "public"."b"'], undo: ['CREATE UNIQUE INDEX "b" ON "public"."child" USING btree (c2)']},
    ],
    [
      'a definition that cannot be shown safely',
      {isUnique: true, definition: "USING btree (c2) WHERE (c = 'x\ny')"},
      {undo: [], note: expect.stringContaining('SELECT pg_get_indexdef(\'"public"."b"\'::regclass);')},
    ],
    ['a definition that was not read', {isUnique: true, definition: null}, {undo: []}],
  ])('the fix: %s', (_, part, fix) => {
    const twin = index('a', [2], {isUnique: true, isPartitioned: part.isPartitioned ?? false})
    const [finding] = findingsOf(judge(duplicate, {indexes: [twin, index('b', [2], part)]}))
    expect(finding!.fixes[0]).toMatchObject(fix)
  })

  it.each([
    [10 * 128, 'medium'],
    [10 * 128 - 1, 'low'],
  ])('%i pages: %s', (pages, severity) => {
    const findings = findingsOf(judge(duplicate, {indexes: [index('a', [2]), index('b', [2], {pages})]}))
    expect(findings[0]!.severity).toBe(severity)
  })
})

describe('indexes/unused', () => {
  const input = (
    indexes: Index[],
    part: Partial<Server> = {},
    statsReset: number | null = 0,
    keys: ForeignKey[] = [],
  ) => ({
    server: server({now: 30 * DAY, startedAt: 20 * DAY, ...part}),
    databases: [database('ahsp', {statsReset})],
    tables: [table('child')],
    indexes,
    foreignKeys: keys,
    checkpoints: {ok: false, reason: 'error', message: ''},
  })
  const check = (indexes: Index[], keys: ForeignKey[] = []) =>
    findingsOf(judge(unused, input(indexes, {}, 0, keys))).map(({subject}) => subject)

  it.each<[string, Partial<Index>, number]>([
    ['no scan', {}, 1],
    ['one scan', {scans: 1}, 0],
    ['its last scan is 90 days old', {scans: 1, lastScan: -60 * DAY}, 1],
    ['its last scan is younger', {scans: 1, lastScan: -59 * DAY}, 0],
    ['smaller than 10 MB', {pages: 1279}, 0],
    ['10 MB', {pages: 1280}, 1],
    ['primary key', {isPrimary: true, isUnique: true, constraint: 'p'}, 0],
    ['unique', {isUnique: true}, 0],
    ['unique expression', {isUnique: true, keyColumns: [0], expressions: 'lower(email)'}, 0],
    ['exclusion constraint', {isExclusion: true, constraint: 'x'}, 0],
    ['target of a foreign key', {constraint: 'other_fkey'}, 0],
    ['replica identity', {isReplicaIdentity: true}, 0],
    ['clustered', {isClustered: true}, 0],
    ['attached to a partitioned index', {isPartition: true}, 0],
    ['partitioned, which never counts', {isPartitioned: true}, 0],
    ['invalid', {isValid: false}, 0],
    ['being built', {isReady: false, isValid: false}, 0],
  ])('%s', (_, part, findings) => {
    expect(check([index('i', [2], part)])).toHaveLength(findings)
  })

  it('keeps one index for each foreign key, and leaves duplicates and covered ones to their own rules', () => {
    const keys = [foreignKey([2])]
    expect(check([index('only', [2])], keys)).toEqual([])
    // indexes/covered reports the short one, so the long one has to stay; without the key both may go.
    const both = [index('long', [2, 3], {pages: 9000}), index('short', [2])]
    expect(check(both, keys)).toEqual([])
    expect(check(both)).toEqual(['"public"."long"'])
    expect(check([index('one', [2]), index('two', [2])], keys)).toEqual([])
    expect(check([index('one', [5]), index('two', [5])])).toEqual(['"public"."one"'])
  })

  it.each<[string, Partial<Server>, number | null, string | undefined]>([
    ['30 days, small', {}, 0, 'low'],
    ['7 days', {}, 23 * DAY, 'low'],
    ['6 days', {}, 24 * DAY, 'info'],
    ['never reset: since the start of the server', {startedAt: 25 * DAY}, null, 'info'],
    ['23 hours', {}, 30 * DAY - 23 * 3600, undefined],
    ['never reset, started an hour ago', {startedAt: 30 * DAY - 3600}, null, undefined],
    ['a standby', {inRecovery: true}, 0, undefined],
  ])('window: %s', (_, part, statsReset, severity) => {
    const verdict = judge(unused, input([index('i', [2])], part, statsReset))
    if (severity === undefined) expect(verdict).toHaveProperty('cannotJudge')
    else expect(verdict).toMatchObject({findings: [{severity}]})
  })

  it('is medium from 100 MB on, and only then', () => {
    const severities = [12_800, 12_799].map(
      pages => findingsOf(judge(unused, input([index('i', [2], {pages})])))[0]!.severity,
    )
    expect(severities).toEqual(['medium', 'low'])
  })
})
