import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {collect} from '../../src/collect/collect.js'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {connect} from '../../src/connect/postgres.js'
import {btreeBytes, heapBytes, statisticsOf} from '../../src/derive/bloat.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import indexBloat from '../../src/rules/indexes/bloat.js'
import tableBloat from '../../src/rules/tables/bloat.js'
import type {Section, Snapshot} from '../../src/snapshot.js'
import {judge, outcome} from './sections.js'

/** Select lists that an estimate without padding, NULLs, TOAST or whole rows per page gets wrong. */
const SHAPES = {
  padded: 'i AS a, i::bigint AS b, i AS c, i::bigint AS d',
  booleans: 'true AS a, i::bigint AS b, false AS c, i AS d',
  texts: `i::bigint AS a, repeat(md5(i::text), 1 + i % 8) AS b, now() AS c, 'abc' || i AS d`,
  nulls: 'CASE WHEN i % 3 = 0 THEN i END AS a, i::bigint AS b, CASE WHEN i % 2 = 0 THEN i::bigint END AS c',
  numbers: `(i * random())::numeric(20, 2) AS a, i AS b, random() AS c, ('{"x":' || i || '}')::jsonb AS d`,
  wide: 'repeat(md5(i::text), 20) AS a, i AS b',
  toasted: `(SELECT string_agg(md5(i::text || g), '') FROM generate_series(1, 100) g) AS a, i AS b`,
}
const INDEXES = {
  padded_idx: 'padded (a, b)',
  text_idx: 'texts (d, a)',
  lower_idx: 'texts (lower(b))',
  number_idx: 'numbers (a)',
}

let server: EmbeddedServer

async function sql(statements: string[]): Promise<void> {
  const client = new pg.Client({connectionString: server.url()})
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

async function snapshot(user?: string, deep = false): Promise<Snapshot['sections']> {
  const settings = await resolveConninfo(server.url('postgres', user), {})
  const reconnect = () => connect(settings)
  const {sections, cutShortBy} = await collect(await reconnect(), {
    windowSeconds: 0,
    deadlineMs: 30_000,
    deep,
    reconnect,
  })
  expect(cutShortBy).toBeNull()
  return sections
}

/** What analyze.ts gives a rule: its needs as data, the rest as sections. */
function verdict(rule: typeof tableBloat | typeof indexBloat, sections: Snapshot['sections'], name: string) {
  const only = <T extends {name: string}>(section: Section<T[]>) =>
    section.ok ? section.data.filter(row => rule.category === 'indexes' || row.name === name) : []
  return judge(
    rule,
    {
      server: sections.server.ok ? sections.server.data : null,
      tables: only(sections.tables),
      indexes: sections.indexes.ok ? sections.indexes.data.filter(index => index.name === name) : [],
      columnStatistics: sections.columnStatistics,
      tableSpace: sections.tableSpace,
    },
    {options: {minBytes: 250_000}},
  )
}

beforeAll(async () => {
  server = await startServer({settings: {autovacuum: 'off'}})
  const create = (name: string, list: string) =>
    `CREATE TABLE ${name} AS SELECT ${list} FROM generate_series(1, 10000) i`
  await sql([
    ...Object.entries(SHAPES).map(([name, list]) => create(name, list)),
    ...Object.entries(INDEXES).map(([name, on]) => `CREATE INDEX ${name} ON ${on}`),
    ...Object.keys(SHAPES).map(name => `VACUUM (FULL, ANALYZE) ${name}`),
    // Never vacuumed, three times its size: the catalog still has what ANALYZE saw before that.
    create('neglected', SHAPES.padded),
    'ANALYZE neglected',
  ])
  await sql(['UPDATE neglected SET a = a', 'UPDATE neglected SET a = a', create('loaded', SHAPES.padded)])
  await sql([
    'CREATE ROLE monitor LOGIN IN ROLE pg_monitor',
    'CREATE ROLE reader LOGIN IN ROLE pg_read_all_data',
    create('guarded', SHAPES.padded),
    'ALTER TABLE guarded ENABLE ROW LEVEL SECURITY',
    create('gone', SHAPES.padded),
    'DELETE FROM gone WHERE a % 4 <> 0',
  ])
  // Sessions of their own: the counts of changes must be there before ANALYZE starts them anew.
  await sql(['VACUUM ANALYZE guarded, gone'])
})
afterAll(() => server.stop())

describe('the estimate', () => {
  it('is within a tenth of what VACUUM FULL makes, and a sixth of what CREATE INDEX makes', async () => {
    const sections = await snapshot()
    const {tables, indexes, columnStatistics} = sections
    if (!tables.ok || !indexes.ok) throw new Error('not read')
    const statistics = statisticsOf(columnStatistics)
    const heaps = tables.data.filter(({name}) => name in SHAPES)
    const trees = indexes.data.filter(({name}) => name in INDEXES)
    expect([heaps.length, trees.length]).toEqual([Object.keys(SHAPES).length, Object.keys(INDEXES).length])
    for (const {name, oid, pages, rowsEstimate} of heaps) {
      const ratio = heapBytes(rowsEstimate, statistics.get(oid)!)! / 8192 / pages
      expect(Math.abs(ratio - 1), `${name}: ${ratio}`).toBeLessThan(0.1)
    }
    for (const {name, oid, pages, rowsEstimate} of trees) {
      const ratio = btreeBytes(rowsEstimate, statistics.get(oid)!)! / 8192 / pages
      expect(Math.abs(ratio - 1), `${name}: ${ratio}`).toBeLessThan(0.17)
    }
  })
})

describe('what cannot be known is not called fine', () => {
  it.each([
    ['a never vacuumed table of three times its size', 'neglected', /stale/, 'ANALYZE "public"."neglected";'],
    ['a table that was never analyzed', 'loaded', /never analyzed/, 'ANALYZE "public"."loaded";'],
  ])('%s', async (_, name, why, cure) => {
    const answer = verdict(tableBloat, await snapshot(), name)
    expect(answer).toMatchObject({cannotJudge: expect.stringMatching(why), cure})
  })

  it('statistics that pg_monitor does not see, and those behind row security', async () => {
    const hidden = await snapshot('monitor')
    const cure = 'GRANT pg_read_all_data TO "monitor";'
    expect(verdict(tableBloat, hidden, 'padded')).toMatchObject({cure})
    expect(verdict(indexBloat, hidden, 'text_idx')).toMatchObject({cure})
    const reader = await snapshot('reader')
    expect(outcome(verdict(tableBloat, reader, 'padded'))).toEqual([])
    expect(outcome(verdict(indexBloat, reader, 'lower_idx'))).toEqual([])
    const guarded = verdict(tableBloat, reader, 'guarded')
    expect(guarded).toMatchObject({cannotJudge: expect.stringContaining('hidden')})
    expect(guarded).not.toHaveProperty('cure')
  })
})

describe('--deep', () => {
  it('says what is missing, then measures, also what cannot be estimated', async () => {
    expect((await snapshot()).tableSpace).toMatchObject({ok: false, reason: 'unsupported'})
    expect((await snapshot(undefined, true)).tableSpace).toMatchObject({grant: 'CREATE EXTENSION pgstattuple;'})
    await sql(['CREATE SCHEMA "ext en" ', 'CREATE EXTENSION pgstattuple SCHEMA "ext en"'])
    expect((await snapshot('reader', true)).tableSpace).toMatchObject({grant: 'GRANT pg_stat_scan_tables TO "reader";'})
    const {tableSpace} = await snapshot('monitor', true)
    expect(tableSpace).toMatchObject({grant: expect.stringContaining('GRANT USAGE ON SCHEMA "ext en" TO "monitor";')})
    await sql(['GRANT USAGE ON SCHEMA "ext en" TO monitor'])
    const deep = await snapshot('monitor', true)
    expect(outcome(verdict(tableBloat, deep, 'neglected'))).toEqual(['low "public"."neglected"'])
    expect(outcome(verdict(tableBloat, deep, 'gone'))).toEqual(['low "public"."gone"'])
    expect(outcome(verdict(tableBloat, deep, 'padded'))).toEqual([])
  })
  it('does not wait for a table on which DDL works', async () => {
    const blocker = new pg.Client({connectionString: server.url()})
    await blocker.connect()
    await blocker.query('BEGIN; LOCK TABLE gone IN ACCESS EXCLUSIVE MODE')
    const {tableSpace} = await snapshot('monitor', true)
    await blocker.end()
    expect(tableSpace).toMatchObject({ok: true})
  })
})
