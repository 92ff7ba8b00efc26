import pg from 'pg'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {catalogOf} from '../../src/advisor/catalog-of.js'
import {readStatements} from '../../src/advisor/questions.js'
import {type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import {loadParser} from '../../src/sql/parse.js'
import {type Changed, compare} from '../../src/whatif/comparison.js'
import type {Configuration} from '../../src/whatif/planner.js'
import {openShadow, type ShadowPlanner} from '../../src/whatif/shadow/planner.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import type {TargetSchema} from '../../src/whatif/shadow/schema.js'
import {openConnection} from './connection.js'
import {definition} from './shadows.js'

const JOIN = 'SELECT * FROM item i JOIN owner o ON o.id = i.owner WHERE o.town = $1'
const RANGE = "SELECT count(code) FROM item WHERE made > '2026-06-01' AND made < '2026-06-05'"
const MEMORY = {sort: 4096 * 1024, hash: 8192 * 1024}

describe.runIf(embeddedAvailable().ok)('a workload before and after', () => {
  let server: EmbeddedServer
  let client: pg.Client
  let planner: ShadowPlanner
  let schema: TargetSchema

  beforeAll(async () => {
    await loadParser()
    server = await startServer({settings: {max_parallel_workers_per_gather: '0'}})
    client = new pg.Client({connectionString: server.url()})
    await client.connect()
    await client.query(`CREATE TABLE owner AS SELECT i AS id, i % 40 AS town FROM generate_series(1, 4000) i;
      CREATE TABLE item AS SELECT i AS id, 1 + (i * 7919) % 4000 AS owner, md5(i::text) AS code,
          timestamp '2026-01-01' + i * interval '4 min' + (i % 97) * interval '9 hours' AS made
        FROM generate_series(1, 100000) i;
      ALTER TABLE owner ADD PRIMARY KEY (id);
      CREATE INDEX item_owner_idx ON item (owner); CREATE INDEX item_made_idx ON item (made)`)
    await client.query('VACUUM ANALYZE')
    const connection = await openConnection(server.url())
    schema = await readSchema(connection)
    await connection.close()
    planner = await openShadow(schema)
  })
  afterAll(async () => {
    await planner?.close()
    await client?.end()
    await server?.stop()
  })

  function compared(configuration: Configuration, ...texts: string[]) {
    const workload = texts.map(sql => ({id: sql, sql, calls: 10, rows: null, totalMs: null}))
    const {questions} = readStatements(workload, catalogOf(schema))
    const indexes = schema.tables.flatMap(table =>
      table.indexes.map(index => [index.name, `"public"."${index.name}"`] as const),
    )
    return compare(planner, questions, {
      configuration,
      memory: {before: MEMORY, after: MEMORY},
      existing: new Map(indexes),
    })
  }

  test('settings that are read from the target', () => {
    expect(schema.settings.max_parallel_workers_per_gather).toBe('0')
  })

  test('with other prices, both plans by the same', async () => {
    const settings = {random_page_cost: '1.1'}
    const {changed, repriced, statements} = await compared({settings}, JOIN, RANGE, 'SELECT * FROM item WHERE id = 5')
    expect(statements).toBe(3)
    expect(changed.length).toBeGreaterThan(0)
    const [one] = changed as [Changed]
    expect(one.oldPlanThen).toBeGreaterThan(one.after)
    expect(one.newPlanNow).toBeGreaterThan(one.before)
    expect(repriced!.byNew.left).toBe(0)
    expect(repriced!.byNew.newPlans).toBeLessThan(repriced!.byNew.oldPlans)
    expect(repriced!.byToday.newPlans).toBeGreaterThan(repriced!.byToday.oldPlans)
  })

  test("the old plan's cost by the new prices is that of the server, forced to it", async () => {
    const {changed} = await compared({settings: {random_page_cost: '1.1'}}, JOIN)
    const [{plans, oldPlanThen}] = changed as [Changed]
    expect(plans.before['Node Type']).toBe('Hash Join')
    expect(plans.after['Node Type']).toBe('Nested Loop')
    await client.query(`BEGIN; SET LOCAL random_page_cost = 1.1; SET LOCAL enable_nestloop = off;
      SET LOCAL enable_mergejoin = off`)
    const {rows} = await client.query(`EXPLAIN (FORMAT JSON) ${JOIN.replace('$1', '7')}`)
    await client.query('ROLLBACK')
    const [{Plan: plan}] = rows[0]['QUERY PLAN']
    expect(plan['Node Type']).toBe('Hash Join')
    expect(oldPlanThen! / plan['Total Cost']).toBeCloseTo(1, 1)
  })

  test('a switch keeps the measure: dearer is dearer', async () => {
    const {before, after, repriced, changed} = await compared({settings: {enable_hashjoin: 'off'}}, JOIN)
    expect(repriced).toBeNull()
    expect(changed[0]!.differences.join()).toContain('join of i, o: ')
    expect(after).toBeGreaterThan(before)
    expect(before).toBeCloseTo(changed[0]!.before * 10, 1)
  })

  test('an index more, an index less, and one that a statement cannot do without', async () => {
    const {prepared} = await planner.prepare([definition('item', '"code"')])
    const more = await compared({indexes: prepared}, "SELECT id FROM item WHERE code = 'x'")
    expect(more.changed[0]!.differences[0]).toMatch(/^item: Seq Scan -> Index Scan using ahsp_db_candidate_\d+$/)
    expect(more.after).toBeLessThan(more.before / 50)
    const less = await compared({without: ['"public"."item_owner_idx"']}, 'SELECT id FROM item WHERE owner = $1')
    expect(less.changed[0]!.differences[0]).toBe('item: Bitmap Heap Scan using item_owner_idx -> Seq Scan')
    const upsert = 'INSERT INTO owner VALUES ($1, $2) ON CONFLICT (id) DO NOTHING'
    const none = await compared({without: ['"public"."owner_pkey"']}, upsert, 'SELECT FROM owner')
    expect(none.broken).toEqual([
      {statement: expect.objectContaining({sql: upsert}), reason: expect.stringContaining('ON CONFLICT')},
    ])
    expect(none.statements).toBe(1)
  })

  test('nothing changes: nothing is told', async () => {
    const {changed, before, after} = await compared({settings: {work_mem: '64MB'}}, RANGE)
    expect(changed).toEqual([])
    expect(after).toBe(before)
  })
})
