import {describe, expect, it} from 'vitest'
import {notAReplica, withReplicas} from '../../src/derive/replicas.js'
import covered from '../../src/rules/indexes/covered.js'
import invalid from '../../src/rules/indexes/invalid.js'
import lowUse from '../../src/rules/indexes/low-use.js'
import unused from '../../src/rules/indexes/unused.js'
import type {Index, InvalidIndex, Server, Snapshot, Table} from '../../src/snapshot.js'
import {index, table} from './objects.js'
import {database, findingsOf, judge, ok, outcome, server} from './sections.js'

const DAY = 86_400
const MB = 128 // pages

describe('indexes/covered', () => {
  const wide = (part: Partial<Index> = {}) => index('wide', [2, 3], {pages: 2 * MB, scans: 5, ...part})
  const check = (indexes: Index[]) => outcome(judge(covered, {indexes}))
  const pair = index('', [2, 3], {name: 'narrow', pages: MB})
  const NARROW = 'low "public"."narrow"'

  it.each<[string, Partial<Index>, Partial<Index>, boolean]>([
    ['a prefix', {}, {}, true],
    ['a prefix that is heavily scanned', {scans: 1e6}, {}, true],
    ['the same columns, of which one is unique', pair, {isUnique: true}, true],
    ['a unique prefix', {isUnique: true}, {}, false],
    ['a constraint', {constraint: 'c'}, {}, false],
    ['another place', {keyColumns: [3]}, {}, false],
    ['hash', {method: 'hash'}, {}, false],
    ['GIN, both', {method: 'gin'}, {method: 'gin'}, false],
    ['another predicate', {predicate: '(c3 > 0)'}, {}, false],
    ['the other is partial', {}, {predicate: '(c3 > 0)'}, false],
    ['the same predicate', {predicate: '(c3 > 0)'}, {predicate: '(c3 > 0)'}, true],
    [
      'lower() and upper()',
      {keyColumns: [0], expressions: 'lower(e)'},
      {keyColumns: [0, 3], expressions: 'upper(e)'},
      false,
    ],
    [
      'the same expression',
      {keyColumns: [0], expressions: 'lower(e)'},
      {keyColumns: [0, 3], expressions: 'lower(e)'},
      true,
    ],
    ['another operator class', {opclasses: [1]}, {}, false],
    ['another collation', {collations: [950]}, {}, false],
    ['descending', {ordering: [3]}, {}, false],
    ['its INCLUDE columns are keys of the other', {includedColumns: [3]}, {}, true],
    ['its INCLUDE columns are missing', {includedColumns: [4]}, {}, false],
    ['another table', {tableOid: 9}, {}, false],
    ['the other is invalid', {}, {isValid: false}, false],
    ['replica identity', {isReplicaIdentity: true}, {}, false],
    ['of a partition', {isPartition: true}, {}, false],
    ['tiny', {pages: MB - 1}, {}, false],
    ['nobody reads the wide one: that is the one to drop', {scans: 1}, {scans: 0}, false],
    ['nobody reads either', {scans: 0}, {scans: 0}, true],
  ])('%s', (_, narrow, other, isCovered) => {
    expect(check([index('narrow', [2], {pages: MB, ...narrow}), wide(other)])).toEqual(isCovered ? [NARROW] : [])
  })

  it('names the index that stays, of a chain and of duplicates', () => {
    const chain = [index('a', [2], {pages: MB}), wide(), index('widest', [2, 3, 4], {pages: 3 * MB, scans: 1})]
    const findings = findingsOf(judge(covered, {indexes: chain}))
    expect(findings.map(({subject}) => subject)).toEqual(['"public"."wide"', '"public"."a"'])
    expect(findings.every(({title}) => title.includes('covered by "widest"'))).toBe(true)
    const twins = [index('one', [2], {pages: MB, scans: 9}), index('two', [2], {pages: MB}), wide()]
    expect(check(twins)).toEqual(['low "public"."one"'])
  })

  it('is only info when the other one is much larger, and medium when much would be freed', () => {
    expect(check([index('narrow', [2], {pages: MB}), wide({pages: 4 * MB})])).toEqual(['info "public"."narrow"'])
    const large = [index('narrow', [2], {pages: 100 * MB}), wide({pages: 120 * MB})]
    expect(check(large)).toEqual(['medium "public"."narrow"'])
  })
})

describe('indexes/low-use', () => {
  const check = (part: Partial<Index>, child: Partial<Table> = {}, since = 0) =>
    outcome(
      judge(lowUse, {
        server: server({now: 30 * DAY}),
        databases: [database('ahsp', {statsReset: since})],
        tables: [table('child', {inserts: 1_000_000, ...child})],
        indexes: [index('i', [2], {pages: 100 * MB, scans: 100, ...part})],
        foreignKeys: [],
      }),
    )
  it.each<[string, Partial<Index>, Partial<Table>, string[]]>([
    ['few scans, many writes', {}, {}, ['info "public"."i"']],
    ['the same, large', {pages: 1024 * MB}, {}, ['low "public"."i"']],
    ['more than five a day', {scans: 151}, {inserts: 1e9}, []],
    ['fewer writes for each', {}, {inserts: 999_999}, []],
    ['updates that stay in their page touch no index', {}, {inserts: 0, updates: 2e6, hotUpdates: 1.5e6}, []],
    ['never scanned: for indexes/unused', {scans: 0}, {}, []],
    ['scanned long ago: for indexes/unused', {lastScan: -70 * DAY}, {}, []],
    ['unique', {isUnique: true}, {}, []],
    ['small', {pages: 100 * MB - 1}, {}, []],
    ['a replica did not tell', {replicaScans: null}, {}, []],
  ])('%s', (_, part, child, expected) => expect(check(part, child)).toEqual(expected))
  it('needs a week of statistics', () => expect(check({}, {}, 24 * DAY)).toEqual(['cannot judge']))
})

describe('indexes/invalid', () => {
  const broken = (part: Partial<InvalidIndex>): InvalidIndex => ({
    ...index('i', [2], {isValid: false}),
    isBuilding: false,
    ...part,
  })
  const check = (part: Partial<InvalidIndex>, of: Partial<Server> = {}) =>
    judge(invalid, {server: server(of), invalidIndexes: [broken(part)]})
  const statements = (part: Partial<InvalidIndex>) =>
    findingsOf(check(part))[0]!.fixes.flatMap(fix => (fix.kind === 'sql' ? fix.statements : []))

  it.each<[string, Partial<InvalidIndex>, Partial<Server>, string[]]>([
    ['a failed build', {}, {}, ['medium "public"."i"']],
    ['the copy of a REINDEX', {name: 'i_ccnew'}, {}, ['low "public"."i_ccnew"']],
    ['the second one', {name: 'i_ccnew1'}, {}, ['low "public"."i_ccnew1"']],
    ['the original of a REINDEX', {name: 'i_ccold'}, {}, ['low "public"."i_ccold"']],
    ['half dropped', {isLive: false}, {}, ['low "public"."i"']],
    ['a build in progress', {isBuilding: true}, {}, []],
    ['a partitioned index', {isPartitioned: true}, {}, []],
    ['on a standby, whose primary may be building it', {}, {inRecovery: true}, ['cannot judge']],
    ['a partitioned index on a standby', {isPartitioned: true}, {inRecovery: true}, []],
  ])('%s', (_, part, of, expected) => expect(outcome(check(part, of))).toEqual(expected))

  it('rebuilds what somebody wanted, and drops what is left over', () => {
    expect(statements({})).toEqual(['REINDEX INDEX CONCURRENTLY "public"."i"', 'DROP INDEX CONCURRENTLY "public"."i"'])
    expect(statements({constraint: 'c'})).toEqual(['REINDEX INDEX CONCURRENTLY "public"."i"'])
    expect(statements({isExclusion: true, constraint: 'c'})).toEqual(['REINDEX INDEX "public"."i"'])
    expect(statements({name: 'i_ccold'})).toEqual(['DROP INDEX CONCURRENTLY "public"."i_ccold"'])
  })
})

describe('snapshots of replicas', () => {
  const snapshot = (part: Partial<Server>, indexes: Index[], statsReset = 0): Snapshot =>
    ({
      target: {host: `h${part.startedAt}`, port: 5432, database: 'ahsp', user: 'me'},
      sections: {
        server: ok(server({now: 30 * DAY, systemIdentifier: '7', startedAt: 1, ...part})),
        databases: ok([database('ahsp', {statsReset})]),
        indexes: ok(indexes),
        checkpoints: {ok: false, reason: 'error', message: ''},
      },
    }) as unknown as Snapshot
  const replica = (indexes: Index[], part: Partial<Server> = {}, statsReset = 0) =>
    snapshot({inRecovery: true, startedAt: 2, ...part}, indexes, statsReset)
  const candidates = () => [index('i', [2], {pages: 20 * MB, oid: 50}), index('k', [5], {pages: 10 * MB, oid: 51})]
  const primary = () => snapshot({}, candidates())

  it.each<[string, Snapshot, string | null]>([
    ['a replica', replica([]), null],
    ['another system', replica([], {systemIdentifier: '8'}), 'another system than the first (identifier 8, not 7)'],
    ['hidden identifier', replica([], {systemIdentifier: null}), 'the system identifier is hidden'],
    ['another database', replica([], {database: 'other'}), 'database "other", the first is of "ahsp"'],
    ['a second reading of the primary', replica([], {inRecovery: false}), 'not a replica'],
    ['the same file again', replica([], {startedAt: 1}), 'given twice'],
  ])('%s', (_, other, why) => {
    const answer = notAReplica(primary(), other, [])
    if (why === null) expect(answer).toBeNull()
    else expect(answer).toContain(why)
  })

  const check = (replicas: Snapshot[]) => {
    const {sections} = withReplicas(primary(), replicas)
    const data = Object.fromEntries(
      ['server', 'databases', 'indexes'].map(name => [
        name,
        (sections as never as Record<string, {data: unknown}>)[name]!.data,
      ]),
    )
    return judge(unused, {...data, tables: [table('child')], foreignKeys: []})
  }
  const used = () => index('i', [2], {scans: 3, lastScan: 29 * DAY, oid: 999})
  it('adds their scans by name', () => {
    expect(outcome(check([]))).toEqual(['low "public"."i"', 'low "public"."k"'])
    expect(outcome(check([replica([used(), index('k', [5])])]))).toEqual(['low "public"."k"'])
    expect(findingsOf(check([replica(candidates())]))[0]!.detail).toContain('on this server and 1 replica of it')
  })
  it('does not call unused what one of them did not tell, and looks at the shortest window', () => {
    expect(outcome(check([replica([used()])]))).toEqual([])
    expect(outcome(check([replica(candidates(), {}, 26 * DAY)]))).toEqual(['info "public"."i"', 'info "public"."k"'])
    expect(outcome(check([replica(candidates(), {}, 29.5 * DAY)]))).toEqual(['cannot judge'])
  })
})
