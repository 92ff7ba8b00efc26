import {spawn} from 'node:child_process'
import {existsSync, readdirSync} from 'node:fs'
import {chmod, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {debianBinDir, type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import type {WhatifReport} from '../../src/whatif/report.js'
import {BIN, cliIn} from '../cli.js'

const SECRET = 'hunter2 the second'
const DATA = `
  CREATE EXTENSION pg_stat_statements;
  CREATE TABLE customer (id int PRIMARY KEY, city int, secret text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int, state text, placed timestamp, note text);
  INSERT INTO customer SELECT i, i % 40, '${SECRET}' FROM generate_series(1, 4000) i;
  INSERT INTO orders SELECT i, 1 + (i * 7919) % 4000, (ARRAY['open', 'paid', 'sent', 'done'])[1 + i % 4],
      timestamp '2026-01-01' + i * interval '1 min', repeat('x', 60)
    FROM generate_series(1, 60000) i;
  CREATE INDEX orders_customer_idx ON orders (customer_id);`

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({connectionString: url})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

const asked = async (client: pg.Client) => {
  for (let i = 0; i < 5; i += 1) {
    await client.query('SELECT * FROM orders o JOIN customer c ON c.id = o.customer_id WHERE c.city = $1', [i])
    await client.query('SELECT * FROM orders WHERE state = $1 ORDER BY note, placed', ['open'])
    await client.query('SELECT id FROM orders WHERE placed > $1 AND placed < $2', ['2026-01-03', '2026-01-04'])
    await client.query('INSERT INTO customer VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', [i + 1, 1])
  }
}

const PRELOAD = {shared_preload_libraries: 'pg_stat_statements', max_parallel_workers_per_gather: '0'}
const LOGGING = {
  logging_collector: 'on',
  log_destination: 'csvlog',
  log_directory: 'log',
  log_filename: 'postgresql-%a.log',
  log_min_duration_statement: '0',
}

let folder: string
const cli = (args: string[], env?: NodeJS.ProcessEnv) => cliIn(folder)(args, env)
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ahsp-db-whatif-'))
})
afterAll(() => rm(folder, {recursive: true, force: true}))

async function report(...args: string[]): Promise<WhatifReport> {
  const {code, stdout, stderr} = await cli(['whatif', '--format', 'json', ...args])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

describe.runIf(embeddedAvailable().ok)('whatif', () => {
  let server: EmbeddedServer
  let url: string

  beforeAll(async () => {
    server = await startServer({settings: {...PRELOAD, ...LOGGING}})
    url = server.url()
    await onServer(url, async client => {
      await client.query(DATA)
      await client.query('VACUUM ANALYZE')
      await asked(client)
    })
  })
  afterAll(() => server?.stop())

  test('other prices: the plans that change, and both by the same prices', async () => {
    const found = await report(url, '--set', 'random_page_cost=1.1', '--explain')
    expect(found).toMatchObject({isComparable: false, leftOut: 0, statements: 4})
    expect(found.asked.settings).toEqual([{name: 'random_page_cost', from: '4', to: '1.1'}])
    expect(found.headline).toMatch(
      /^\d OF 4 PLANS CHANGES?: by the new prices the workload costs 0\.\d+ of what it would/,
    )
    expect(found.ratio).toBeLessThan(1)
    expect(found.ratioByTodaysPrices).toBeGreaterThan(1)
    const join = found.changed.find(({text}) => text.includes('JOIN'))!
    expect(join.differences).toContain('join of c, o: Hash Join -> Nested Loop')
    expect(JSON.stringify(join.plans!.after)).toContain('orders_customer_idx')
  })

  test('memory: the sort that no longer spills, its cost and the workload, for people', async () => {
    const {code, stdout} = await cli(['whatif', url, '--set', 'work_mem=64MB'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^NO PLAN CHANGES|^THE WORKLOAD'S ESTIMATED COST/)
    const less = await report(url, '--set', 'work_mem=256kB')
    expect(less.headline).toMatch(/^THE WORKLOAD'S ESTIMATED COST RISES TO [\d.]+ OF TODAY'S: .*dearer/)
    expect(less.changed.flatMap(({differences}) => differences)).toContain('sort by note, placed: in memory -> on disk')
    expect(less.changed.every(({verdict}) => verdict === 'dearer')).toBe(true)
  })

  test('an index that somebody has in mind, and one to do without', async () => {
    const create = 'CREATE INDEX orders_placed_idx ON orders (placed)'
    const found = await report(url, '--index', create, '--drop-index', 'orders_customer_idx')
    expect(found.asked.indexes[0]).toMatchObject({name: 'orders_placed_idx', writePercent: 0})
    expect(found.asked.dropped[0]!.name).toBe('"public"."orders_customer_idx"')
    expect(found.changed[0]!.differences).toEqual(['orders: Seq Scan -> Index Scan using orders_placed_idx'])
    const {stdout} = await cli(['whatif', url, '--drop-index', 'customer_pkey', '--format', 'markdown'])
    expect(stdout).toContain('1 statement would FAIL')
    expect(stdout).toContain('ON CONFLICT')
    expect(stdout).toContain('keeps a constraint')
  })

  test.each([
    ['--set', 'work_mem=banana', /--set work_mem=banana: invalid value/],
    ['--set', 'random_page_cost=-5', /-5 is outside the valid range/],
    ['--set', 'random_page_kost=1', /did you mean random_page_cost\?/],
    ['--set', 'shared_buffers=1GB', /shared_buffers changes no plan/],
    ['--set', 'default_statistics_target=500', /what the next ANALYZE gathers/],
    ['--set', 'search_path=x', /search_path changes no plan/],
    ['--set', 'nonsense', /is no setting/],
    ['--index', 'DROP TABLE orders', /this is no CREATE INDEX/],
    ['--index', 'CREATE INDEX ON order_ (id)', /did you mean orders\?/],
    ['--index', 'CREATE INDEX ON orders (nothing)', /column "nothing" does not exist/],
    ['--drop-index', 'orders_custom_idx', /did you mean orders_customer_idx\?/],
    ['--planner', 'hypopg', /give --set/],
  ])('refused: %s %s', async (flag, value, message) => {
    const {code, stdout, stderr} = await cli(['whatif', url, flag, value])
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  test('hypopg is refused where the extension is not created', async () => {
    for (const command of [['indexes'], ['whatif', '--set', 'work_mem=1MB']]) {
      const {code, stderr} = await cli([...command, url, '--planner', 'hypopg'])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error\[HYPOPG\]: this database does not have the extension hypopg - [^\n]*\n$/)
    }
  })

  test('a snapshot with statistics answers as the server does, without it', async () => {
    const file = path.join(folder, 'with.json')
    expect((await cli(['snapshot', url, '--include-statistics', '-o', file])).code).toBe(0)
    expect((await stat(file)).mode & 0o077).toBe(0)
    expect(await readFile(file, 'utf8')).toContain(SECRET)
    const env = {PGHOST: '/nowhere', DATABASE_URL: ''}
    for (const command of [['whatif', '--set', 'random_page_cost=1.1'], ['indexes']]) {
      const live = JSON.parse((await cli([...command, url, '-f', 'json'])).stdout)
      const {code, stdout, stderr} = await cli([...command, '--snapshot', file, '-f', 'json'], env)
      expect({code, stderr}).toEqual({code: 0, stderr: ''})
      // Whoever asked in between is in the live figures, too.
      const stable = (each: {before: number; after: number; headline: string}) => [
        each.headline,
        each.before,
        each.after,
      ]
      expect(stable(JSON.parse(stdout))).toEqual(stable(live))
    }
    expect((await cli(['check', '--snapshot', file, '--fail-on', 'critical'], env)).code).toBe(0)
  })

  test('a snapshot without statistics holds no value, and says what to do', async () => {
    const file = path.join(folder, 'without.json')
    await cli(['snapshot', url, '-o', file])
    expect(await readFile(file, 'utf8')).not.toContain(SECRET)
    const {code, stderr} = await cli(['indexes', '--snapshot', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /does not hold what plans are made from - take it with: ahsp-db snapshot --include-statistics/,
    )
    const hypopg = await cli(['indexes', '--snapshot', file, '--planner', 'hypopg'])
    expect([hypopg.code, hypopg.stderr]).toEqual([2, expect.stringContaining('a snapshot is none')])
  })

  test('numbers of a snapshot must be numbers: they get into statements of the shadow', async () => {
    const file = path.join(folder, 'whole.json')
    await cli(['snapshot', url, '--include-statistics', '-o', file])
    const snapshot = JSON.parse(await readFile(file, 'utf8'))
    snapshot.schema.tables[0].statistics.relpages = '1; DROP TABLE x'
    const damaged = path.join(folder, 'damaged.json')
    await writeFile(damaged, JSON.stringify(snapshot))
    const {code, stderr} = await cli(['whatif', '--snapshot', damaged, '--set', 'work_mem=1MB'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('has damaged statistics')])
  })

  test('the workload of a log, with its calls', async () => {
    const logs = readdirSync(path.join(server.dataDir, 'log')).filter(name => name.endsWith('.csv'))
    const files = logs.flatMap(name => ['--log', path.join(server.dataDir, 'log', name)])
    const found = await report(url, ...files, '--set', 'random_page_cost=1.1')
    const join = found.changed.find(({text}) => text.includes('JOIN'))!
    expect(join.calls).toBe(5)
    expect(join.id).toMatch(/\.csv:\d+$/)
    const {code, stdout} = await cli(['indexes', url, ...files])
    expect(code).toBe(0)
    expect(stdout).toContain('("placed")')
    const none = await cli(['indexes', url, '--log', path.join(folder, 'nothing.log')])
    expect(none.code).toBe(2)
  })

  test('statements of a log are shown without their values', async () => {
    const other = 'elsewhere'
    await onServer(url, client => client.query(`CREATE DATABASE ${other}`))
    await onServer(server.url(other), async client => {
      await client.query(
        "CREATE TABLE letter AS SELECT i AS id, 'words ' || i AS said FROM generate_series(1, 20000) i",
      )
      await client.query('ANALYZE')
      for (let i = 0; i < 3; i += 1) {
        await client.query("SELECT id FROM letter WHERE said = 'private words'")
        await client.query("SELECT id FROM letter WHERE id = 'private number'").catch(() => {})
      }
    })
    await new Promise(resolve => setTimeout(resolve, 500))
    const logs = readdirSync(path.join(server.dataDir, 'log')).filter(name => name.endsWith('.csv'))
    const files = logs.flatMap(name => ['--log', path.join(server.dataDir, 'log', name)])
    const found = await report(server.url(other), ...files, '--index', 'CREATE INDEX ON letter (said)')
    expect(found.changed.map(({text}) => text)).toEqual(['SELECT id FROM letter WHERE said = $1'])
    expect(JSON.stringify(found)).not.toContain('private')
    const {stdout} = await cli(['indexes', server.url(other), ...files, '--budget', '10MB'])
    expect(stdout).toContain('("said")')
    expect(stdout).not.toContain('private')
  })

  test.skipIf(process.platform === 'win32')('Ctrl-C while it plans: 130, and nothing is left', async () => {
    const temporary = await mkdtemp(path.join(os.tmpdir(), 'whatif-'))
    await chmod(temporary, 0o711)
    const ours = () => readdirSync(temporary).filter(name => name.startsWith('ahsp-db-pg-'))
    for (const command of [['indexes'], ['whatif', '--set', 'random_page_cost=1.1']]) {
      const child = spawn(process.execPath, [BIN, ...command, url], {
        cwd: folder,
        env: {...process.env, TMPDIR: temporary},
      })
      while (child.exitCode === null && ours().length === 0) await new Promise(resolve => setTimeout(resolve, 5))
      child.kill('SIGINT')
      const code = await new Promise(resolve => child.on('close', resolve))
      expect(code).toBe(130)
      expect(ours()).toEqual([])
    }
    await rm(temporary, {recursive: true})
  })
})

const HYPOPG = [18, 17, 16, 15, 14, 13].find(major =>
  existsSync(`/usr/share/postgresql/${major}/extension/hypopg.control`),
)

test.skipIf(!HYPOPG)('hypopg plans on the server itself, as the shadow does', async () => {
  const server = await startServer({binDir: debianBinDir(HYPOPG!)!, settings: PRELOAD})
  try {
    const url = server.url()
    await onServer(url, async client => {
      await client.query(`${DATA} CREATE EXTENSION hypopg`)
      await client.query('VACUUM ANALYZE')
      await asked(client)
    })
    const args = [url, '--set', 'random_page_cost=1.1', '--index', 'CREATE INDEX ON orders (placed)']
    const [here, there] = [await report(...args, '--planner', 'hypopg'), await report(...args)]
    const plans = ({changed}: WhatifReport) =>
      Object.fromEntries(changed.map(({text, differences}) => [text, differences]))
    expect(here.planner).toBe('hypopg')
    expect(plans(here)).toEqual(plans(there))
    expect(Object.keys(plans(here)).length).toBeGreaterThan(1)
    const {code, stdout} = await cli(['indexes', url, '--planner', 'hypopg', '--budget', '20MB'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/CREATE INDEX CONCURRENTLY "orders_placed/)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('what indexes cost the writes is not counted')
    const next = await report(url, '--set', 'work_mem=1MB')
    expect(next.unplannable.map(({text}) => text).filter(text => text.includes('hypopg'))).toEqual([])
  } finally {
    await server.stop()
  }
})
