import fs from 'node:fs'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {debianBinDir, type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {loadParser} from '../../src/sql/parse.js'
import {openHypopg} from '../../src/whatif/hypopg.js'
import {type IndexDefinition, PlanError, type Planner} from '../../src/whatif/planner.js'
import {openShadow, type ShadowPlanner} from '../../src/whatif/shadow/planner.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import {openConnection} from './connection.js'

/** Debian packages the extension for its own PostgreSQL. */
const MAJOR = [18, 17, 16, 15, 14, 13].find(major =>
  fs.existsSync(`/usr/share/postgresql/${major}/extension/hypopg.control`),
)

const index = (where: string | null, ...columns: string[]): IndexDefinition => ({
  schema: 'public',
  table: 'item',
  method: 'btree',
  keys: columns.map(sql => ({sql})),
  include: [],
  where,
})

describe.skipIf(!MAJOR)('hypopg', () => {
  let server: EmbeddedServer
  let client: pg.Client
  let planner: Planner
  let shadow: ShadowPlanner

  beforeAll(async () => {
    server = await startServer({binDir: debianBinDir(MAJOR!)!})
    client = new pg.Client({connectionString: server.url()})
    await client.connect()
    const connection = await openConnection(server.url())
    expect(await openHypopg(connection)).toBeNull()
    await client.query(`CREATE EXTENSION hypopg;
      CREATE TABLE item AS SELECT i AS id, i % 1000 AS owner, i % 7 = 0 AS is_open, md5(i::text) AS code
        FROM generate_series(1, 100000) i`)
    await client.query('VACUUM ANALYZE item')
    await loadParser()
    planner = (await openHypopg(await openConnection(server.url())))!
    shadow = await openShadow(await readSchema(connection))
    await connection.close()
  })
  afterAll(async () => {
    await shadow?.close()
    await planner?.close()
    await client?.end()
    await server?.stop()
  })

  test.each([
    {sql: 'SELECT * FROM item WHERE owner = $1'},
    {sql: 'SELECT * FROM item WHERE owner = $1 AND is_open', values: ['7']},
    {sql: "SELECT * FROM item WHERE code = 'x' ORDER BY id;"},
    {sql: 'SELECT owner, count(*) FROM item GROUP BY owner'},
  ])('plans as the shadow does: $sql', async statement => {
    const definitions = [index(null, 'owner'), index('is_open', 'owner', 'id'), index(null, 'code')]
    const here = await planner.prepare(definitions)
    const there = await shadow.prepare(definitions)
    expect(here.refused).toEqual([])
    const bare = await planner.explain(statement)
    expect(bare.cost).toBeCloseTo((await shadow.explain(statement)).cost, 0)
    const plan = await planner.explain(statement, {indexes: here.prepared})
    const other = await shadow.explain(statement, {indexes: there.prepared})
    expect(plan.cost / other.cost).toBeCloseTo(1, 1)
    expect(plan.root['Index Name']).toBe(
      here.prepared.find((_, i) => there.prepared[i]!.name === other.root['Index Name'])?.name,
    )
    expect((await planner.explain(statement)).cost).toBe(bare.cost)
  })

  test('leaves nothing behind, and changes nothing', async () => {
    const {prepared, refused} = await planner.prepare([index(null, 'owner'), index(null, 'nothing')])
    expect([prepared.length, refused.length]).toEqual([1, 1])
    const refusals = [
      'SELECT 1; COMMIT; DROP TABLE item',
      'SELECT * INTO copy FROM item',
      'DELETE FROM item',
      'SELEC',
      'SELECT FROM nowhere',
    ]
    for (const sql of refusals) await expect(planner.explain({sql}, {indexes: prepared})).rejects.toThrow(PlanError)
    for (const value of ["set_config('a.b', '1', false)", '1); COMMIT; DROP TABLE item --', '(SELECT 1)']) {
      const statement = {sql: 'SELECT FROM item WHERE code = $1', values: [value]}
      await expect(planner.explain(statement)).rejects.toThrow(/not a constant/)
    }
    expect((await planner.explain({sql: 'SELECT * FROM item WHERE owner = 1'})).root['Node Type']).toBe('Seq Scan')
    expect((await client.query('SELECT count(*)::int AS n FROM item')).rows).toEqual([{n: 100000}])
    expect((await client.query("SELECT indexrelid FROM pg_index WHERE indrelid = 'item'::regclass")).rows).toEqual([])
  })

  test('settings count for one statement', async () => {
    const sql = 'SELECT * FROM item'
    const {cost} = await planner.explain({sql})
    expect((await planner.explain({sql}, {settings: {seq_page_cost: '10'}})).cost).toBeGreaterThan(cost * 3)
    expect((await planner.explain({sql})).cost).toBe(cost)
  })
})
