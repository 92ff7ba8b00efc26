import {spawn} from 'node:child_process'
import {once} from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {PlanError, type PlanNode} from '../../src/whatif/planner.js'
import {openShadow, type ShadowPlanner} from '../../src/whatif/shadow/planner.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import {binDirOf} from '../postgres.js'
import {openConnection} from './connection.js'
import {definition, indexesOf, ODD, SERIAL, STATEMENTS, shadowOf, shapeOf, withValues} from './shadows.js'

const SQL = fs.readFileSync(new URL('shadow.sql', import.meta.url), 'utf8')
describe.each([12, 15, 18].filter(major => binDirOf(major) !== null))('a shadow of PostgreSQL %i', major => {
  let server: EmbeddedServer
  let client: pg.Client
  let shadow: ShadowPlanner

  beforeAll(async () => {
    server = await startServer({
      binDir: binDirOf(major)!,
      settings: {allow_system_table_mods: 'on', random_page_cost: '1.5', jit: 'off'},
    })
    client = new pg.Client({connectionString: server.url()})
    await client.connect()
    await client.query(SQL)
    await client.query('VACUUM ANALYZE')
    shadow = await shadowOf(server.url())
  })
  afterAll(async () => {
    await shadow?.close()
    await client?.end()
    await server?.stop()
  })

  test.each(STATEMENTS.filter(({since = 0}) => since <= major))('plans as the original does: $sql', async ({sql}) => {
    const [row] = (await client.query(`EXPLAIN (FORMAT JSON) ${sql}`)).rows
    const original = row['QUERY PLAN'][0].Plan as PlanNode
    const plan = await shadow.explain({sql})
    expect(shapeOf(plan.root)).toEqual(shapeOf(original))
    expect(plan.cost / original['Total Cost']).toBeCloseTo(1, 1)
    expect(plan.rows / original['Plan Rows'] || 1).toBeCloseTo(1, 1)
  })

  test('types parameters, and plans for their values when they are given', async () => {
    const sql = 'SELECT * FROM summary WHERE place = $1 AND day >= $2'
    const generic = await shadow.explain({sql})
    const many = await shadow.explain({sql, values: ['1', "'2020-01-01'"]})
    const few = await shadow.explain({sql, values: ['1', "'2026-12-10'"]})
    expect(few.rows).toBeLessThan(generic.rows)
    expect(many.rows).toBeGreaterThan(generic.rows)
    expect(few.cost).toBeLessThan(many.cost)
  })

  test('a candidate plans and weighs as the real index does, also one that comes later', async () => {
    const sql = 'SELECT id FROM event WHERE at BETWEEN $1 AND $2'
    const values = ["'2026-03-01'", "'2026-03-02'"]
    const before = await shadow.explain({sql, values})
    const names: string[] = []
    for (const columns of [['at'], ['at', 'id'], ['thing', 'at']]) {
      const {prepared, refused} = await shadow.prepare([
        definition('event', ...columns),
        definition('event', 'nothing'),
      ])
      expect(refused.map(({reason}) => reason)).toEqual(['column "nothing" does not exist'])
      expect((await shadow.explain({sql, values})).cost).toBe(before.cost)
      const plan = await shadow.explain({sql, values}, {indexes: prepared})
      await client.query(`CREATE INDEX really ON event (${columns}); ANALYZE event`)
      const real = (await client.query(`EXPLAIN (FORMAT JSON) ${withValues(sql, values)}`)).rows[0]['QUERY PLAN'][0]
        .Plan
      const [{bytes}] = (
        await client.query(`SELECT sum(pg_relation_size(inhrelid))::float8 AS bytes FROM pg_inherits
          WHERE inhparent IN (SELECT 'really'::regclass UNION SELECT inhrelid FROM pg_inherits
            WHERE inhparent = 'really'::regclass)`)
      ).rows
      await client.query('DROP INDEX really')
      expect(plan.cost / real['Total Cost']).toBeCloseTo(1, 1)
      // Before 13 equal keys were not stored once.
      if (major >= 13) expect(prepared[0]!.bytes / bytes).toBeCloseTo(1, 0)
      if (columns[0] === 'at') expect(indexesOf(plan.root)).toContain(prepared[0]!.name)
      names.push(prepared[0]!.name)
    }
    expect(new Set(names).size).toBe(3)
  })

  test('an index on lower(x) is judged with the statistics that it will have', async () => {
    const sql = 'SELECT * FROM animal WHERE lower(name) = $1'
    const {prepared} = await shadow.prepare([definition('dog', '(lower(name))'), definition('animal', '(lower(name))')])
    const plan = await shadow.explain({sql}, {indexes: prepared})
    await client.query('CREATE INDEX ON dog (lower(name)); CREATE INDEX ON animal (lower(name)); ANALYZE animal, dog')
    const there = await client.query(`EXPLAIN (FORMAT JSON) ${withValues(sql, ["'x'"])}`)
    const real = there.rows[0]['QUERY PLAN'][0].Plan as PlanNode
    await client.query('DROP INDEX dog_lower_idx, animal_lower_idx')
    expect(plan.rows).toBe(real['Plan Rows'])
    expect(plan.cost / real['Total Cost']).toBeCloseTo(1, 1)
  })

  test('a table of many gigabytes takes no space, and candidates on it no time', async () => {
    const connection = await openConnection(server.url())
    const schema = await readSchema(connection, {tables: [{schema: null, name: 'summary'}]})
    await connection.close()
    const pages = 1_000_000
    const {statistics} = schema.tables[0]!
    Object.assign(statistics, {pages, relpages: pages, reltuples: 1e8})
    const large = await openShadow(schema)
    try {
      const sql = 'SELECT n FROM summary WHERE n = 5 LIMIT 1'
      expect((await large.explain({sql: 'SELECT FROM summary'}, SERIAL)).cost).toBeGreaterThan(pages)
      const before = fs.statfsSync(os.tmpdir())
      for (const column of ['n', 'day']) {
        const {prepared} = await large.prepare([definition('summary', column)])
        expect(prepared[0]!.bytes).toBeGreaterThan(5e8)
        const {root} = await large.explain({sql}, {...SERIAL, indexes: prepared})
        expect(indexesOf(root).includes(prepared[0]!.name)).toBe(column === 'n')
      }
      expect((await large.explain({sql: 'SELECT FROM summary'}, SERIAL)).cost).toBeGreaterThan(pages)
      const after = fs.statfsSync(os.tmpdir())
      expect((before.bavail - after.bavail) * before.bsize).toBeLessThan(4e9)
    } finally {
      await large.close()
    }
  })

  test('hides existing indexes and changes settings, for one statement', async () => {
    const sql = `SELECT * FROM ${ODD} WHERE "co""l'umn" = 77`
    const {cost, root} = await shadow.explain({sql})
    const without = await shadow.explain({sql}, {without: ['"od""d schema"."k;ey"']})
    expect([root['Node Type'], without.root['Node Type']]).toEqual(['Index Scan', 'Seq Scan'])
    const slow = await shadow.explain({sql}, {settings: {random_page_cost: '40', enable_bitmapscan: 'off'}})
    expect(slow.cost).toBeGreaterThan(cost * 10)
    expect((await shadow.explain({sql})).cost).toBe(cost)
    await expect(shadow.explain({sql}, {settings: {no_such_setting: '1'}})).rejects.toThrow(PlanError)
    await expect(shadow.explain({sql}, {without: ['"public"."nothing"']})).rejects.toThrow(PlanError)
  })

  test('a role that may not read the tables plans with their sizes alone, and is told', async () => {
    const url = server.url('postgres', 'reader')
    const limited = await shadowOf(url, [
      {schema: null, name: 'event'},
      {schema: 'public', name: 'dog'},
    ])
    try {
      expect(limited.notes.join()).toMatch(/may not read "public"."event"[^:]*: only their sizes/)
      expect(limited.notes.join()).not.toContain('"dog"')
      const sql = 'SELECT FROM event'
      expect((await limited.explain({sql})).cost).toBe((await shadow.explain({sql})).cost)
      const one = "SELECT FROM animal WHERE name = 'd9'"
      expect((await limited.explain({sql: one})).rows).toBe((await shadow.explain({sql: one})).rows)
      await expect(limited.explain({sql: 'SELECT FROM summary'})).rejects.toThrow(/does not exist/)
    } finally {
      await limited.close()
    }
  })

  test.skipIf(process.platform === 'win32')('Ctrl-C leaves nothing behind', async () => {
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'shadow-'))
    fs.chmodSync(temporary, 0o711)
    const args = ['--import', 'tsx', fileURLToPath(new URL('child.ts', import.meta.url)), server.url()]
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {...process.env, TMPDIR: temporary},
    })
    await once(child.stdout, 'data')
    const ours = () => fs.readdirSync(temporary).filter(name => name.startsWith('ahsp-db-pg-'))
    expect(ours().length).toBeGreaterThan(0)
    child.kill('SIGINT')
    await once(child, 'exit')
    expect(ours()).toEqual([])
    fs.rmSync(temporary, {recursive: true})
  })

  test('leaves out what depends on an unknown type, by name', async () => {
    expect(shadow.disabled.map(({table}) => table).sort()).toEqual([
      '"public"."drawn"',
      '"public"."drawn_1"',
      '"public"."map"',
      '"public"."outlines"',
    ])
    expect(shadow.disabled.find(({table}) => table === '"public"."map"')!.reason).toContain('shape')
    await expect(shadow.explain({sql: 'SELECT id FROM map'})).rejects.toThrow(/"map" cannot be planned: .*shape/)
  })

  test('says what it leaves out of the rest, without drowning in it', () => {
    expect(shadow.notes.filter(note => note.includes('shape_in'))).toHaveLength(1)
    expect(shadow.notes.length).toBeLessThan(8)
  })

  test('says what it cannot plan, and goes on', async () => {
    await expect(shadow.explain({sql: 'SELECT FROM nowhere'})).rejects.toThrow(PlanError)
    await expect(shadow.explain({sql: 'SELEC'})).rejects.toThrow(/syntax error/)
    await expect(shadow.explain({sql: 'SELECT 1; DROP TABLE summary'})).rejects.toThrow(PlanError)
    await expect(shadow.explain({sql: 'SELECT tenant(1) FROM summary'})).resolves.toBeTruthy()
    await expect(shadow.explain({sql: 'SELECT FROM summary WHERE place = tenant(1)'})).rejects.toThrow(/not known here/)
    expect((await shadow.explain({sql: 'SELECT FROM summary'})).rows).toBeGreaterThan(0)
  })
})
