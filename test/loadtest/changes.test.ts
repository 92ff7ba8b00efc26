import {describe, expect, it} from 'vitest'
import {changesBetween} from '../../src/loadtest/journey/changes.js'
import {batchesOf, batchMetric, successMetric} from '../../src/loadtest/journey/noise.js'
import type {Index, Pooler, Sections, Table} from '../../src/snapshot.js'
import {point, setting, snapshot} from './builders.js'

const EMPTY: Partial<Sections> = {
  server: {version: '18.1'} as Sections['server'],
  settings: [],
  roleSettings: [],
  extensions: [],
  indexes: [],
  tables: [],
}

const changed = (before: Partial<Sections>, after: Partial<Sections>) =>
  changesBetween(snapshot({...EMPTY, ...before}), snapshot({...EMPTY, ...after}))
const texts = (before: Partial<Sections>, after: Partial<Sections>) =>
  changed(before, after).changes.map(({text}) => text)

const index = (part: Partial<Index>) =>
  ({
    schema: 'public',
    name: 'i',
    table: 'pekerjaan',
    method: 'btree',
    keyNames: ['project_id', 'ordering_index'],
    includedColumns: [],
    expressions: null,
    predicate: null,
    isUnique: false,
    isValid: true,
    ...part,
  }) as Index

const table = (part: Partial<Table>) =>
  ({schema: 'public', name: 'pekerjaan', liveRows: 5000, options: {}, columnNames: ['id'], ...part}) as Table

const pooler = (config: Record<string, string>, part: Partial<Pooler> = {}) =>
  ({
    target: {host: 'pooler', port: 6432, user: 'stats'},
    version: '1.24.0',
    config: Object.entries(config).map(([name, value]) => ({name, value, default: null, isReloadable: true})),
    databases: [
      {
        name: 'ahsp',
        host: 'db',
        port: 5432,
        database: 'ahsp',
        poolSize: Number(config.default_pool_size ?? 20),
        reservePoolSize: 0,
        maxConnections: 0,
        poolMode: null,
      },
    ],
    ...part,
  }) as Pooler

describe('what was changed between two runs', () => {
  it('settings in the units people write', () => {
    const memory = (value: string) => setting('shared_buffers', value, {unit: '8kB'})
    expect(texts({settings: [memory('16384')]}, {settings: [memory('32768')]})).toEqual([
      'shared_buffers 128MB -> 256MB',
    ])
    expect(texts({settings: [memory('16384')]}, {settings: [memory('16384')]})).toEqual([])
  })

  it('a value that waits for a restart changed nothing yet, and is said', () => {
    const waiting = setting('max_connections', '100', {pendingRestart: true})
    expect(texts({settings: [setting('max_connections', '100')]}, {settings: [waiting]})).toEqual([
      'max_connections was written, but waits for a restart: still 100',
    ])
  })

  it('where files lie, and what the reading connection or the server worked out, are no changes', () => {
    const odd = (value: string) => [
      setting('data_directory', value),
      setting('statement_timeout', value, {source: 'session'}),
      setting('segment_size', value, {context: 'internal'}),
      setting('io_max_concurrency', value, {source: 'default'}),
    ]
    expect(texts({settings: odd('1')}, {settings: odd('2')})).toEqual([])
    const newer = {server: {version: '19.0'} as Sections['server'], settings: odd('2')}
    expect(texts({settings: odd('1')}, newer)).toContain('io_max_concurrency 1 -> 2')
  })

  it('settings of roles and databases', () => {
    const row = (value: string) => ({role: 'app', database: 'ahsp', name: 'statement_timeout', value})
    expect(texts({roleSettings: [row('30s')]}, {roleSettings: [row('60s')]})).toEqual([
      'statement_timeout of role "app" in database "ahsp" 30s -> 60s',
    ])
    expect(texts({}, {roleSettings: [row('60s')]})).toEqual([
      'statement_timeout of role "app" in database "ahsp" none -> 60s',
    ])
  })

  it('indexes and tables that came, went or changed; rows that grew', () => {
    expect(texts({}, {indexes: [index({})]})).toEqual([
      'index "public"."i" was created: btree on "public"."pekerjaan" ("project_id", "ordering_index")',
    ])
    expect(texts({indexes: [index({})]}, {})[0]).toMatch(/^index "public"\."i" was dropped/)
    expect(texts({indexes: [index({})]}, {indexes: [index({isUnique: true})]})[0]).toMatch(
      /: btree on .* -> unique btree/,
    )
    expect(texts({indexes: [index({isValid: false})]}, {indexes: [index({})]})).toEqual([
      'index "public"."i" is valid now',
    ])
    expect(texts({tables: [table({})]}, {tables: [table({liveRows: 50_000, columnNames: ['id', 'x']})]})).toEqual([
      'table "public"."pekerjaan" got "x"',
      'rows of "public"."pekerjaan" 5,000 -> 50,000',
    ])
    expect(texts({tables: [table({})]}, {tables: [table({liveRows: 5100})]})).toEqual([])
  })

  it('of a list that was cut nothing is missing', () => {
    const before = snapshot(EMPTY)
    const after = snapshot({...EMPTY, indexes: [index({})]})
    const {indexes} = after.sections
    if (indexes.ok) indexes.total = 9000
    const {changes, unknown} = changesBetween(before, after)
    expect(changes).toEqual([])
    expect(unknown).toEqual(['indexes: only the largest were read, others may have come or gone'])
  })

  it('indexes of tables that only one list has came and went with them, or were not read', () => {
    const other = table({name: 'other'})
    expect(texts({}, {tables: [table({})], indexes: [index({})]})).toEqual(['table "public"."pekerjaan" was created'])
    const before = snapshot({...EMPTY, tables: [other]})
    const after = snapshot({...EMPTY, tables: [table({})], indexes: [index({})]})
    const {tables} = after.sections
    if (tables.ok) tables.total = 9000
    expect(changesBetween(before, after).changes).toEqual([])
  })

  it('pools: sizes, a pooler put in front; a general size is not told once more for each database', () => {
    expect(
      texts({poolers: [pooler({default_pool_size: '20'})]}, {poolers: [pooler({default_pool_size: '140'})]}),
    ).toEqual(['PgBouncer pooler:6432: default_pool_size 20 -> 140'])
    expect(texts({poolers: []}, {poolers: [pooler({})]})).toEqual(['PgBouncer pooler:6432 was put in front'])
    const {unknown} = changed({}, {poolers: [pooler({})]})
    expect(unknown).toEqual(['pools: not read in the first run (not in this test)'])
  })

  it('versions and extensions', () => {
    const statements = (version: string) => [
      {name: 'pg_stat_statements', version, availableVersion: null, schema: 'public'},
    ]
    const {changes} = changed(
      {extensions: statements('1.10')},
      {extensions: statements('1.11'), server: {version: '18.2'} as Sections['server']},
    )
    expect(changes).toMatchObject([
      {
        kind: 'version',
        text: 'PostgreSQL 18.1 -> 18.2',
        of: {name: 'PostgreSQL', from: '18.1', to: '18.2'},
      },
      {
        kind: 'extension',
        text: 'extension "pg_stat_statements" 1.10 -> 1.11',
        of: {name: 'extension "pg_stat_statements"', from: '1.10', to: '1.11'},
      },
    ])
  })
})

describe('noise', () => {
  it('success: the binomial interval', () => {
    const {value, noise} = successMetric(1000, 20, [])
    expect(value).toBeCloseTo(98, 9)
    expect(noise).toBeCloseTo(0.89, 1)
    expect(successMetric(1000, 0, []).noise).toBeGreaterThan(0.1)
  })

  it('failures that come in bursts tell less than their number', () => {
    const spread = [...Array(100).keys()].map(at => point(at, {requests: 10, failures: at % 5 === 0 ? 1 : 0}))
    const bursts = [...Array(100).keys()].map(at => point(at, {requests: 10, failures: at >= 30 && at < 32 ? 10 : 0}))
    expect(successMetric(1000, 20, bursts).noise).toBeGreaterThan(2 * successMetric(1000, 20, spread).noise)
  })

  it('batches of ten seconds at least, ten at most', () => {
    const points = (count: number) => [...Array(count).keys()].map(at => ({at}))
    expect(batchesOf(points(61)).map(({length}) => length)).toEqual([10, 10, 10, 10, 10, 11])
    expect(batchesOf(points(601))).toHaveLength(10)
    expect(batchesOf([])).toEqual([])
  })

  it('too few batches: a fifth of the value, and said', () => {
    const points = [...Array(20).keys()].map(at => ({at}))
    expect(batchMetric(100, points, () => 100)).toEqual({value: 100, noise: 20, known: 'assumed'})
    const long = [...Array(101).keys()].map(at => ({at}))
    expect(batchMetric(100, long, () => 100)).toEqual({value: 100, noise: 5, known: 'measured'})
  })
})
