import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {Ajv2020} from 'ajv/dist/2020.js'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {loadAhsp} from '../fixtures/ahsp/load.js'
import {analyze} from '../src/analyze.js'
import {loadConfig} from '../src/config.js'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'
import {json} from '../src/render/json.js'
import {rules} from '../src/rules/index.js'
import {snapshotText} from '../src/snapshot-file.js'
import {BIN, cliIn} from './cli.js'
import {takeSnapshot} from './snapshot.js'

const ESC = '\u001b'
const SECRET = 'hunter2'

let server: EmbeddedServer
let folder: string
let cli: ReturnType<typeof cliIn>
const url = (user?: string) => server.url('ahsp', user)

async function sql(statements: string[], target = url()): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({connectionString: target})
  await client.connect()
  let rows: Record<string, unknown>[] = []
  for (const statement of statements) rows = (await client.query(statement)).rows
  await client.end()
  return rows
}

/** Until a query has rows: on a busy machine everything takes its time. */
async function until(query: string): Promise<void> {
  while ((await sql([query])).length === 0) await sleep(50)
}

/** Until a check has a session, and rests between two looks. */
const isWatching = () =>
  until(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'ahsp-db' AND state = 'idle'
    AND state_change < clock_timestamp() - interval '200 ms'`)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-test-'))
  cli = cliIn(folder)
  server = await startServer({
    settings: {
      shared_preload_libraries: 'pg_stat_statements',
      max_connections: '20',
      primary_conninfo: `host=standby password=${SECRET}`,
    },
  })
  await sql(
    ['CREATE DATABASE ahsp', 'CREATE ROLE plain LOGIN', 'CREATE ROLE monitor LOGIN IN ROLE pg_monitor'],
    server.url(),
  )
  await loadAhsp(url(), {scale: 0.2, disease: true})
  await sql([
    'CREATE EXTENSION pg_stat_statements',
    `ALTER ROLE plain PASSWORD '${SECRET}'`,
    `CREATE TABLE "${ESC}[31m evil | \`rm\` <script>\n-- x" (id int PRIMARY KEY, "o\u202ewner" int REFERENCES auth_user)`,
    `INSERT INTO "${ESC}[31m evil | \`rm\` <script>\n-- x" SELECT i, NULL FROM generate_series(1, 50000) i`,
    'ANALYZE',
  ])
})

afterAll(async () => {
  await server?.stop()
  rmSync(folder, {recursive: true, force: true})
})

describe('the report', () => {
  it('is the same, byte for byte, from the server and from a snapshot file, and follows its schema', async () => {
    const snapshot = await takeSnapshot(url())
    const config = await loadConfig(undefined, rules, {})
    const live = json(await analyze(snapshot, config, {users: 100}, rules as never))
    const file = join(folder, 'snapshot.json')
    writeFileSync(file, snapshotText(snapshot))
    const {stdout, code} = await cli(['check', '--snapshot', file, '--users', '100', '--format', 'json'])
    expect(stdout.trim()).toBe(live.trim())
    expect(code).toBe(1)
    const schema = JSON.parse(readFileSync(new URL('../docs/report.schema.json', import.meta.url), 'utf8'))
    const validate = new Ajv2020({strict: false}).compile(schema)
    expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true)
  })

  it('keeps secrets and control characters to itself, in every format and in the snapshot', async () => {
    const formats = [['--format', 'table'], ['--format', 'markdown'], ['--format', 'json'], ['--brief']]
    const outputs = await Promise.all([
      ...formats.map(format => cli(['check', url(), '--users', '100', ...format])),
      cli(['fix', '--db', url(), '--users', '100']),
      cli(['snapshot', url()]),
    ])
    for (const {stdout, stderr} of outputs) {
      expect(stdout.length).toBeGreaterThan(100)
      expect(stdout).not.toContain(SECRET)
      expect(stdout).not.toContain(ESC)
      expect(stdout).not.toContain('\u202e')
      expect(stderr).toBe('')
    }
    expect(outputs[0]!.stdout).toContain('evil')
    const outsideOfCode = outputs[1]!.stdout.replace(/(`+)[\s\S]*?\1/g, '')
    expect(outsideOfCode).not.toContain('<script>')
  })

  it('says verdict first, and fits 80 columns apart from what has to be typed', async () => {
    const {stdout} = await cli(['check', url(), '--users', '100'])
    expect(stdout).toMatch(/^NOT READY for 100 users: /)
    const wide = stdout.split('\n').filter(line => line.length > 80 && !line.startsWith('      '))
    expect(wide).toEqual([])
  })
})

describe('no footprint', () => {
  it('reads only, commits, marks every statement, keeps to 60 shapes and leaves its own work out', async () => {
    await sql(['SELECT pg_stat_statements_reset()'])
    const rollbacks = () => sql(["SELECT xact_rollback FROM pg_stat_database WHERE datname = 'ahsp'"])
    const before = await rollbacks()
    const {code} = await cli(['check', url('monitor'), '--users', '100'])
    expect(code).toBe(1)
    await sleep(1200) // a backend reports its statistics when it ends, at the latest after a second
    expect(await rollbacks()).toEqual(before)
    const ours = await sql([
      "SELECT query FROM pg_stat_statements JOIN pg_roles r ON r.oid = userid WHERE rolname = 'monitor'",
    ])
    expect(ours.length).toBeGreaterThan(20)
    expect(ours.length).toBeLessThanOrEqual(60)
    expect(ours.filter(({query}) => !String(query).includes('/* ahsp-db */'))).toEqual([])
    expect(await sql(["SELECT pid FROM pg_stat_activity WHERE application_name = 'ahsp-db'"])).toEqual([])
    const {sections} = await takeSnapshot(url())
    const texts = sections.statementTexts.ok ? sections.statementTexts.data : null
    expect(texts?.filter(({text}) => text.includes('pg_stat_get_numscans'))).toEqual([])
  })

  it('does not wait behind DDL', async () => {
    const blocker = new pg.Client({connectionString: url()})
    await blocker.connect()
    await blocker.query('BEGIN')
    await blocker.query('LOCK TABLE detail_project_pekerjaan, auth_user IN ACCESS EXCLUSIVE MODE')
    const {code, stdout} = await cli(['check', url(), '--users', '100', '--timeout', '20s'])
    await blocker.end()
    expect(code).toBe(1)
    expect(stdout).toContain('connections/exhaustion')
    expect(stdout).not.toContain('cut short')
  })
})

describe('exit codes', () => {
  const broken = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return ['check', '--snapshot', join(folder, name)]
  }
  it.each([
    ['0 below --fail-on', () => ['check', url(), '--only', 'observability/io-timing', '--fail-on', 'critical'], 0],
    ['1 at --fail-on', () => ['check', url(), '--only', 'observability/io-timing', '--fail-on', 'low'], 1],
    ['2 unknown rule', () => ['check', url(), '--only', 'connections/exhaustoin'], 2],
    ['2 corrupt snapshot', () => broken('cut.json', '{"format": "ahsp-db/sna'), 2],
    ['2 foreign JSON', () => broken('foreign.json', '{"a": 1}'), 2],
    ['2 newer snapshot', () => broken('newer.json', '{"format": "ahsp-db/snapshot", "version": 99}'), 2],
    ['3 nobody listens', () => ['check', 'postgres://postgres@127.0.0.1:1/x'], 3],
    ['4 incomplete with --strict', () => ['check', url('plain'), '--strict', '--fail-on', 'critical'], 4],
    ['6 not writable', () => ['check', url(), '-o', join(folder, 'no', 'such', 'folder')], 6],
    ['124 deadline', () => ['check', url(), '--timeout', '0.001', '--users', '9'], 124],
  ])('%s', async (_, args, expected) => {
    const {code, stderr} = await cli(args())
    expect(code, stderr).toBe(expected)
    if ([2, 3, 6].includes(expected)) expect(stderr).toMatch(/^error\[[A-Z_]+\]: .+ - .+\n$/)
  })

  it('130 on Ctrl-C, within a second, with what was read so far', async () => {
    const child = spawn(process.execPath, [BIN, 'check', url(), '--window', '30s', '--users', '100'], {cwd: folder})
    let stdout = ''
    child.stdout.on('data', chunk => (stdout += chunk))
    await isWatching()
    const start = performance.now()
    child.kill('SIGINT')
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(code).toBe(130)
    expect(performance.now() - start).toBeLessThan(2000)
    expect(stdout).toContain('cut short')
  })
})

describe('a hard server', () => {
  it('goes on over one new connection when the first is lost', async () => {
    const run = cli(['check', url(), '--window', '4s', '--users', '100', '--format', 'json'])
    await isWatching()
    await sql(["SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ahsp-db'"])
    const {stdout, code} = await run
    const report = JSON.parse(stdout)
    expect(code).toBe(1)
    expect(report.warnings.join()).toContain('the connection was lost')
    expect(report.results.find((r: {rule: string}) => r.rule === 'connections/exhaustion').status).toBe('found')
  })

  it('makes "too many clients" the critical finding, with its fix, exit 3', async () => {
    const clients = Array.from({length: 17}, () => new pg.Client({connectionString: url('plain')}))
    await Promise.all(clients.map(client => client.connect()))
    const {code, stdout, stderr} = await cli(['check', url('plain'), '--users', '100'])
    await Promise.all(clients.map(client => client.end()))
    await until("SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'plain')")
    expect(code, stderr).toBe(3)
    expect(stdout).toMatch(/^NOT READY for 100 users: 1 critical/)
    expect(stdout).toContain('max_connections = 200')
  })

  it("names the role's own limit when that was reached", async () => {
    await sql(['ALTER ROLE monitor CONNECTION LIMIT 0'])
    const {code, stdout} = await cli(['check', url('monitor')])
    await sql(['ALTER ROLE monitor CONNECTION LIMIT -1'])
    expect(code).toBe(3)
    expect(stdout).toContain('ALTER ROLE "monitor" CONNECTION LIMIT')
  })

  it('init --verify names what a role cannot read, and its cure is enough', async () => {
    const blind = await cli(['init', '--verify', url('plain')])
    expect(blind.code).toBe(4)
    expect(blind.stdout).toContain('GRANT pg_monitor TO "plain";')
    const seeing = await cli(['init', '--verify', url('monitor')])
    expect(seeing.stdout).toMatch(/^COMPLETE/)
    expect(seeing.code).toBe(0)
  })

  it('tells a role without grants what it cannot see, and the grant', async () => {
    const {stdout, code} = await cli(['check', url('plain'), '--users', '10', '--format', 'json'])
    const {results} = JSON.parse(stdout)
    expect([0, 1]).toContain(code)
    const skipped = results.filter((r: {status: string}) => r.status === 'skipped')
    expect(skipped.length).toBeGreaterThan(3)
    expect(results.filter((r: {status: string}) => r.status === 'error')).toEqual([])
    expect(skipped.map((r: {cure?: string}) => r.cure).join('\n')).toContain('GRANT pg_monitor TO "plain"')
  })
})
