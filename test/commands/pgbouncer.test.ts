import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {Ajv2020} from 'ajv/dist/2020.js'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {HEALTHY_POOLER} from '../../fixtures/lab.js'
import {hasPgbouncer, type Pgbouncer, STATS, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {analyze} from '../../src/analyze.js'
import {loadConfig} from '../../src/config.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {json} from '../../src/render/json.js'
import {rules} from '../../src/rules/index.js'
import {snapshotText} from '../../src/snapshot-file.js'
import {BIN, cliIn} from '../cli.js'
import {takeSnapshot} from '../snapshot.js'

/** The pooler trusts everybody: whatever password is in its URL, it must not come out again. */
const SECRET = 'hunter2secret'
const DEAD = `postgres://${STATS}:${SECRET}@127.0.0.1:1/pgbouncer`

describe.skipIf(!hasPgbouncer)('PgBouncer on the command line (needs the program pgbouncer)', () => {
  let server: EmbeddedServer
  let pooler: Pgbouncer
  let folder: string
  let cli: ReturnType<typeof cliIn>
  let consoleUrl: string
  let about: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ahsp-db-pooler-'))
    cli = cliIn(folder)
    server = await startServer({settings: {max_connections: '200', shared_preload_libraries: 'pg_stat_statements'}})
    const admin = new pg.Client({connectionString: server.url()})
    await admin.connect()
    await admin.query('CREATE ROLE app LOGIN')
    await admin.query('CREATE EXTENSION pg_stat_statements')
    await admin.end()
    pooler = await startPgbouncer({server, settings: {...HEALTHY_POOLER, auth_type: 'trust'}})
    consoleUrl = `postgres://${STATS}:${SECRET}@127.0.0.1:${pooler.port}/pgbouncer`
    about = `PgBouncer 1.18.0 at 127.0.0.1:${pooler.port}`
  })
  afterAll(async () => {
    await pooler?.stop()
    await server?.stop()
    rmSync(folder, {recursive: true, force: true})
  })

  const ONE = ['--only', 'pooler/over-committed']

  describe('a console in the place of the server', () => {
    it.each([
      ['check', 'table', ['check', '--format', 'table']],
      ['check', 'markdown', ['check', '--format', 'markdown']],
      ['check', 'brief', ['check', '--brief']],
      ['fix', 'markdown', ['fix', '--format', 'markdown']],
      ['fix', 'sql', ['fix', '--format', 'sql']],
      ['fix', 'conf', ['fix', '--format', 'conf']],
    ])('%s as %s says which it is, and nothing of a server', async (command, _, args) => {
      const where = command === 'fix' ? ['--db', consoleUrl] : [consoleUrl]
      const {stdout, stderr} = await cli([...args, ...where])
      expect(stderr).toBe('')
      expect(stdout.replaceAll('\\', '')).toContain(about)
      expect(stdout).not.toMatch(/PostgreSQL \(version|statistics (of|never)/)
      expect(stdout).not.toContain(SECRET)
    })

    it('as JSON follows the schema', async () => {
      const {stdout} = await cli(['check', consoleUrl, '--format', 'json'])
      const report = JSON.parse(stdout)
      expect(report).toMatchObject({
        server: null,
        target: {database: 'pgbouncer'},
        poolers: [{target: {host: '127.0.0.1', port: pooler.port, user: STATS}, version: '1.18.0'}],
        partial: false,
        statistics: {since: null, seconds: null},
      })
      const schema = JSON.parse(readFileSync(new URL('../../docs/report.schema.json', import.meta.url), 'utf8'))
      const validate = new Ajv2020({strict: false}).compile(schema)
      expect(validate(report), JSON.stringify(validate.errors)).toBe(true)
      const judged = report.results.filter(({status}: {status: string}) => status === 'ok' || status === 'found')
      expect(judged.length).toBeGreaterThan(0)
      expect(new Set(report.results.map(({category}: {category: string}) => category))).toEqual(new Set(['pooler']))
    })

    it('cannot tell whether the server is ready', async () => {
      const {stdout, code} = await cli(['check', consoleUrl, '--users', '100', ...ONE])
      expect(stdout).toMatch(/^CANNOT JUDGE whether it is ready for 100 users/)
      expect(stdout).toContain('only a PgBouncer console was read')
      expect(code).toBe(0)
    })

    it('init --verify says what its user may read', async () => {
      expect(await cli(['init', '--verify', consoleUrl])).toMatchObject({
        code: 0,
        stdout: `COMPLETE: user "${STATS}" can read all of PgBouncer's console\n`,
      })
      const {code, stderr} = await cli(['init', '--verify', pooler.console('app')])
      expect(code).toBe(3)
      expect(stderr).toMatch(/^error\[POOLER\]: .*not allowed/)
    })
  })

  describe('both ends', () => {
    it('stand in the header', async () => {
      const {stdout, stderr} = await cli(['check', server.url(), '--pgbouncer', consoleUrl, ...ONE])
      expect(stderr).toBe('')
      expect(stdout.replace(/\s+/g, ' ')).toMatch(
        /PostgreSQL 1\d\.\d+ on 127\.0\.0\.1:\d+\/postgres as postgres; PgBouncer/,
      )
      expect(stdout.replace(/\s+/g, ' ')).toContain(about)
      expect(stdout).toContain('full pools and direct clients take')
    })

    it('of two consoles one is dead: a warning, the rest is judged, and --strict exits 4', async () => {
      const both = ['check', server.url(), '--pgbouncer', DEAD, '--pgbouncer', consoleUrl, ...ONE]
      const relaxed = await cli(both)
      expect(relaxed.code).toBe(0)
      expect(relaxed.stdout.replace(/\s+/g, ' ')).toContain('PgBouncer at 127.0.0.1:1 could not be read')
      expect(relaxed.stdout).toContain('full pools and direct clients take')
      const strict = await cli([...both, '--strict'])
      expect(strict.code).toBe(4)
      expect((await cli(['check', server.url(), '--pgbouncer', consoleUrl, ...ONE, '--strict'])).code).toBe(0)
      const alone = await cli(['check', consoleUrl, '--pgbouncer', DEAD, ...ONE, '--strict'])
      expect(alone).toMatchObject({code: 4, stdout: expect.stringContaining('127.0.0.1:1')})
    })

    it('a console that cannot be understood is a mistake of the command line', async () => {
      const {code, stderr} = await cli(['check', server.url(), '--pgbouncer', `hots=x password=${SECRET}`])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error\[CONNINFO\]: the parameter hots .*did you mean host/)
      expect(stderr).not.toContain(SECRET)
    })

    it('from the configuration, with variables; the server from the command line', async () => {
      const file = join(folder, 'both.yaml')
      writeFileSync(file, `connection: $${'{'}UNSET}\npgbouncer:\n  consoles: ["$${'{'}CONSOLE}"]\n  processes: 2\n`)
      const args = ['check', server.url(), '--config', file, '--format', 'json', ...ONE]
      const {stdout, stderr} = await cli(args, {CONSOLE: consoleUrl})
      expect(stderr).toBe('')
      const {poolers, results} = JSON.parse(stdout)
      expect(poolers).toHaveLength(1)
      expect(JSON.stringify(results[0])).toContain('take 90 of')
      const unset = await cli(args)
      expect(unset).toMatchObject({code: 2, stderr: expect.stringContaining('both.yaml:3:')})
      expect(unset.stderr).toContain('pgbouncer.consoles: the environment variable CONSOLE is not set')
    })

    it("the server's PG* variables are not the console's, nor the other way round", async () => {
      const env = {PGHOST: '127.0.0.1', PGPORT: `${server.port}`, PGUSER: 'postgres', PGDATABASE: 'postgres'}
      const conninfo = `port=${pooler.port} host=127.0.0.1 user=${STATS}`
      const {stdout} = await cli(['check', '--pgbouncer', conninfo, '--format', 'json', ...ONE], env)
      expect(JSON.parse(stdout)).toMatchObject({
        target: {port: server.port, database: 'postgres', user: 'postgres'},
        poolers: [{target: {port: pooler.port, user: STATS}}],
      })
    })

    it('a pooled connection as the server is said so', async () => {
      const {stdout} = await cli(['check', pooler.url('postgres', 'postgres'), ...ONE, '--format', 'json'])
      expect(JSON.parse(stdout).warnings.join()).toContain('goes through a pooler')
    })
  })

  it('a snapshot file gives the same report, byte for byte', async () => {
    const snapshot = await takeSnapshot(server.url(), 1, [pooler.console()])
    const config = await loadConfig(undefined, rules, {})
    const live = json(await analyze(snapshot, config, {}, rules as never))
    const file = join(folder, 'both.json')
    writeFileSync(file, snapshotText(snapshot))
    const {stdout} = await cli(['check', '--snapshot', file, '--format', 'json'])
    expect(stdout.trim()).toBe(live.trim())
    expect(JSON.parse(stdout).poolers).toHaveLength(1)
  })

  it('a snapshot file has its own consoles: others are refused, not ignored', async () => {
    const {code, stderr} = await cli(['check', '--snapshot', 'any.json', '--pgbouncer', DEAD])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error\[USAGE\]: --snapshot=any\.json cannot also be provided when using --pgbouncer/)
  })

  it('passwords stay here, whatever is printed', async () => {
    const outputs = await Promise.all([
      cli(['snapshot', server.url(), '--pgbouncer', consoleUrl, '--pgbouncer', DEAD]),
      cli(['snapshot', consoleUrl]),
      cli(['check', server.url(), '--pgbouncer', DEAD, '--debug', '--full']),
      cli(['fix', '--db', server.url(), '--pgbouncer', consoleUrl, '--pgbouncer', DEAD]),
      cli(['check', DEAD, '--debug']),
    ])
    for (const {stdout, stderr} of outputs) {
      expect((stdout + stderr).length).toBeGreaterThan(100)
      expect(stdout + stderr).not.toContain(SECRET)
    }
  })

  it('Ctrl-C keeps what the console told', async () => {
    const args = ['check', server.url(), '--pgbouncer', consoleUrl, '--window', '30s', '--format', 'json']
    const child = spawn(process.execPath, [BIN, ...args], {cwd: folder})
    let stdout = ''
    child.stdout.on('data', chunk => (stdout += chunk))
    await sleep(2500)
    const start = performance.now()
    child.kill('SIGINT')
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(code).toBe(130)
    expect(performance.now() - start).toBeLessThan(2000)
    expect(JSON.parse(stdout)).toMatchObject({partial: true, poolers: [{version: '1.18.0'}]})
  })

  it('a stalled console does not prolong a run beyond its timeout, nor Ctrl-C', async () => {
    const args = ['check', server.url(), '--pgbouncer', consoleUrl, '--window', '1s', ...ONE]
    pooler.signal('SIGSTOP')
    try {
      const start = performance.now()
      const {stdout} = await cli([...args, '--timeout', '1s'])
      // The window, the timeout, the grace, and what it takes to start a program on a busy machine.
      expect((performance.now() - start) / 1000).toBeLessThan(1 + 1 + 1 + 2)
      expect(stdout.replace(/\s+/g, ' ')).toContain('could not be read')
      // What the server told is not lost for it.
      expect(stdout).not.toContain('cut short')
      const child = spawn(process.execPath, [BIN, ...args], {cwd: folder})
      const ended = once(child, 'exit')
      await sleep(1500)
      const pressed = performance.now()
      child.kill('SIGINT')
      expect(await ended).toEqual([130, null])
      expect(performance.now() - pressed).toBeLessThan(2000)
    } finally {
      pooler.signal('SIGCONT')
    }
  })

  it('refused by its own limit, a pooled connection is no report about max_connections', async () => {
    const small = await startPgbouncer({server, settings: {max_client_conn: '1'}})
    const held = new pg.Client({connectionString: small.url('postgres', 'postgres')})
    held.on('error', () => {})
    await held.connect().catch(() => {})
    const filler = new pg.Client({connectionString: small.url('postgres', 'postgres')})
    filler.on('error', () => {})
    await filler.connect().catch(() => {})
    const {code, stdout, stderr} = await cli(['check', small.url('postgres', 'postgres')])
    await Promise.all([held, filler].map(client => client.end().catch(() => {})))
    await small.stop()
    expect({code, stdout}).toEqual({code: 3, stdout: ''})
    expect(stderr).toMatch(/^error\[TOO_MANY_CLIENTS\]: .*max_client_conn.* - raise max_client_conn in pgbouncer\.ini/)
  })
})
