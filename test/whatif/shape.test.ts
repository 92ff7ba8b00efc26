import pg from 'pg'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import {differences} from '../../src/whatif/differences.js'
import type {PlanNode} from '../../src/whatif/planner.js'
import {type Memory, shapeOf, spills} from '../../src/whatif/shape.js'

const memory = (kB: number): Memory => ({sort: kB * 1024, hash: kB * 2 * 1024})

describe.runIf(embeddedAvailable().ok)('plans of a real server', () => {
  let server: EmbeddedServer
  let client: pg.Client

  beforeAll(async () => {
    server = await startServer()
    client = new pg.Client({connectionString: server.url()})
    await client.connect()
    await client.query(`CREATE TABLE item AS SELECT i AS id, i % 5000 AS owner, md5(i::text) AS code
        FROM generate_series(1, 50000) i;
      CREATE TABLE owner AS SELECT i AS id, md5(i::text) AS name FROM generate_series(0, 4999) i;
      CREATE INDEX item_owner_idx ON item (owner)`)
    await client.query('VACUUM ANALYZE')
    await client.query('SET max_parallel_workers_per_gather = 0')
  })
  afterAll(async () => {
    await client?.end()
    await server?.stop()
  })

  async function planOf(sql: string, settings: Record<string, string>, analyze = false): Promise<PlanNode> {
    await client.query('BEGIN')
    for (const [name, value] of Object.entries(settings)) await client.query(`SET LOCAL ${name} = '${value}'`)
    const {rows} = await client.query(`EXPLAIN (FORMAT JSON${analyze ? ', ANALYZE' : ''}) ${sql}`)
    await client.query('ROLLBACK')
    return rows[0]['QUERY PLAN'][0].Plan
  }

  /** What was expected of each node that may write to disk, and what it did. */
  function expectedAndDone(node: PlanNode, parents: PlanNode[], own: Memory): [boolean, boolean][] {
    const expected = spills(node, parents, own)
    const done =
      node['Sort Space Type'] === 'Disk' || Number(node['Hash Batches']) > 1 || Number(node['Planned Partitions']) > 0
    const below = (node.Plans ?? []).flatMap(child => expectedAndDone(child, [...parents, node], own))
    return expected === null ? below : [[expected, done], ...below]
  }

  test.each([
    ['SELECT * FROM item ORDER BY code', [256, 16_384], {}],
    ['SELECT * FROM item ORDER BY code LIMIT 10', [256, 16_384], {}],
    ['SELECT * FROM item ORDER BY code LIMIT 20000', [256, 16_384], {}],
    [
      'SELECT * FROM owner o JOIN item i ON i.owner = o.id',
      [64, 4096],
      {enable_mergejoin: 'off', enable_nestloop: 'off'},
    ],
    ['SELECT owner, min(code) FROM item GROUP BY owner', [64, 8192], {enable_sort: 'off', enable_indexscan: 'off'}],
  ] as const)('what goes to disk: %s', async (sql, sizes, settings) => {
    const seen = new Set<boolean>()
    for (const size of sizes) {
      const plan = await planOf(sql, {...settings, work_mem: `${size}kB`}, true)
      const pairs = expectedAndDone(plan, [], memory(size))
      expect(pairs.length).toBeGreaterThan(0)
      for (const [expected, done] of pairs) {
        expect(expected).toBe(done)
        seen.add(done)
      }
    }
    if (!sql.endsWith('LIMIT 10')) expect([...seen].sort()).toEqual([false, true])
  })

  test('a plan is the same whatever it costs, and another one when a step is', async () => {
    const sql = 'SELECT * FROM item WHERE owner = 7'
    const plain = await planOf(sql, {})
    const dear = await planOf(sql, {random_page_cost: '5', seq_page_cost: '1.2'})
    expect(dear['Total Cost']).not.toBe(plain['Total Cost'])
    expect(shapeOf(dear, memory(4096))).toBe(shapeOf(plain, memory(4096)))
    const other = await planOf(sql, {enable_indexscan: 'off', enable_bitmapscan: 'off'})
    expect(shapeOf(other, memory(4096))).not.toBe(shapeOf(plain, memory(4096)))
  })

  const told = async (sql: string, before: Record<string, string>, after: Record<string, string>) => {
    const size = (settings: Record<string, string>) => memory(Number.parseInt(settings.work_mem ?? '4096', 10))
    const plans = [await planOf(sql, before), await planOf(sql, after)] as const
    return differences(...plans, {before: size(before), after: size(after)})
  }

  test('differences are told in words', async () => {
    expect(
      await told('SELECT * FROM item WHERE owner = 7', {enable_indexscan: 'off', enable_bitmapscan: 'off'}, {}),
    ).toEqual(['item: Seq Scan -> Bitmap Heap Scan using item_owner_idx'])
    expect(
      await told('SELECT * FROM item WHERE owner = 7', {enable_bitmapscan: 'off'}, {enable_indexscan: 'off'}),
    ).toEqual(['item: Index Scan using item_owner_idx -> Bitmap Heap Scan using item_owner_idx'])
    expect(await told('SELECT * FROM item ORDER BY code', {work_mem: '256kB'}, {work_mem: '65536kB'})).toEqual([
      'sort by code: on disk -> in memory',
    ])
    const join = 'SELECT * FROM owner o JOIN item i ON i.owner = o.id'
    expect(await told(join, {}, {enable_hashjoin: 'off', enable_mergejoin: 'off', enable_memoize: 'off'})).toContain(
      'join of i, o: Hash Join -> Nested Loop',
    )
    expect(
      await told(
        'SELECT owner, count(*) FROM item GROUP BY owner',
        {},
        {enable_hashagg: 'off', enable_indexscan: 'off'},
      ),
    ).toContain('group by owner: HashAggregate -> GroupAggregate')
  })
})
