import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import pg from 'pg'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {
  ADMIN,
  hasPgbouncer,
  type Pgbouncer,
  type PgbouncerOptions,
  STATS,
  startPgbouncer,
} from '../../fixtures/pgbouncer.js'
import {shownBy} from '../../fixtures/pgbouncer-versions.js'
import {collectPoolersOnly} from '../../src/collect/pgbouncer/alone.js'
import {openConsoles} from '../../src/collect/pgbouncer/open.js'
import {consoleSettings} from '../../src/connect/pgbouncer.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import type {Pooler, Snapshot} from '../../src/snapshot.js'
import {wireTap} from '../connect/wire-tap.js'
import {takeSnapshot} from '../snapshot.js'

let server: EmbeddedServer
let pooler: Pgbouncer
const clients: pg.Client[] = []

async function client(url: string, application_name: string): Promise<pg.Client> {
  const opened = new pg.Client({connectionString: url, application_name})
  opened.on('error', () => {})
  await opened.connect()
  clients.push(opened)
  return opened
}

const rowsOf = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const session = await client(url, 'test')
  const {rows} = await session.query(sql)
  await session.end()
  return rows
}

const started = async (options: Omit<PgbouncerOptions, 'server'> = {}) => {
  pooler = await startPgbouncer({server, ...options})
  return pooler
}

const poolersOf = ({sections: {poolers}}: Snapshot): Pooler[] => {
  if (!poolers.ok) throw new Error(poolers.message)
  return poolers.data
}

const seconds = async <T>(work: Promise<T>): Promise<{result: T; took: number}> => {
  const start = performance.now()
  return {result: await work, took: (performance.now() - start) / 1000}
}

describe.skipIf(!hasPgbouncer)('the console of a real PgBouncer (needs the program pgbouncer)', () => {
  beforeAll(async () => {
    server = await startServer()
    await rowsOf(server.url(), 'CREATE ROLE app LOGIN')
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(session => session.end().catch(() => {})))
    await pooler?.stop()
  })
  afterAll(() => server?.stop())

  describe.each(['transaction', 'session'])('%s mode', pool_mode => {
    it('shows a stats_user everything that is read, twice, and what differs between the two looks', async () => {
      await started({settings: {pool_mode, auth_type: 'scram-sha-256'}})
      const busy = await client(pooler.url('postgres'), 'gunicorn')
      await busy.query('BEGIN')
      const pid = (await busy.query('SELECT pg_backend_pid() AS pid')).rows[0].pid
      const snapshot = await takeSnapshot(server.url(), 1, [pooler.console()])
      expect(snapshot.warnings).toEqual([])
      const [one, ...others] = poolersOf(snapshot)
      expect(others).toEqual([])
      expect(one).toMatchObject({
        target: {host: '127.0.0.1', port: pooler.port, user: STATS},
        addresses: [],
        version: '1.18.0',
        versionNum: 11_800,
        state: null,
        peers: null,
        unread: [],
        lists: {databases: 2, used_clients: 2, used_servers: 1},
        clients: [
          {database: 'postgres', user: 'app', application: 'gunicorn', connections: 1, preparedStatements: null},
        ],
        servers: [{database: 'postgres', user: 'app', state: 'active', remotePid: pid}],
        databases: [{name: 'postgres', currentConnections: 1, isPaused: false}],
      })
      expect(one!.config.find(({name}) => name === 'pool_mode')).toMatchObject({value: pool_mode, isReloadable: true})
      expect(one!.memoryBytes).toBeGreaterThan(0)
      const {samples} = one!
      expect(samples.length).toBeGreaterThanOrEqual(3)
      expect(samples[0]).toMatchObject({at: 0, remotePids: [pid], pools: [{user: 'app', poolMode: pool_mode}]})
      expect(samples.at(-1)).toMatchObject({
        remotePids: [pid],
        stats: [{database: 'postgres', serverAssignments: null}],
      })
      expect(samples.at(-1)!.at).toBeGreaterThan(0.9)
    })

    it('leaves nothing behind', async () => {
      await started({settings: {pool_mode}})
      await takeSnapshot(server.url(), 0, [pooler.console()])
      const here = await rowsOf(pooler.console(ADMIN), 'SHOW CLIENTS')
      expect(here.map(row => row.application_name)).toEqual(['test'])
      expect(await rowsOf(pooler.console(ADMIN), 'SHOW SERVERS')).toEqual([])
    })

    it('a pooled connection given as the server is recognised', async () => {
      await started({settings: {pool_mode}})
      const snapshot = await takeSnapshot(pooler.url('postgres', 'postgres'), 0, [pooler.console()])
      expect(snapshot.warnings.join()).toContain('goes through a pooler')
      expect(snapshot.sections.server).toMatchObject({ok: true, data: {isPooled: true}})
      expect(poolersOf(snapshot)).toHaveLength(1)
      const direct = await takeSnapshot(server.url())
      expect(direct.sections.server).toMatchObject({ok: true, data: {isPooled: false}})
    })
  })

  it('is sent application_name and simple queries, nothing else, and is told good-bye', async () => {
    await started()
    const tap = await wireTap(pooler.port)
    await takeSnapshot(server.url(), 1, [`host=127.0.0.1 port=${tap.port} user=${STATS} sslmode=disable`])
    await sleep(100)
    const [session, ...others] = tap.sessions()
    await tap.close()
    expect(others).toEqual([])
    // node-postgres itself adds the encoding, which every pooler takes.
    const startup = {user: STATS, database: 'pgbouncer', application_name: 'ahsp-db', client_encoding: 'UTF8'}
    expect(session!.startup).toEqual(startup)
    expect(session!.messages).toMatch(/^Q{10,}X$/)
  })

  it('has the columns that were recorded', async () => {
    await started()
    const recorded = shownBy('1.18')
    const session = await client(pooler.console(), 'test')
    const banner = (await session.query('SHOW VERSION')).rows[0].version
    if (!String(banner).startsWith('PgBouncer 1.18.')) return
    for (const [command, rows] of Object.entries(recorded)) {
      const {fields} = await session.query(`SHOW ${command}`)
      expect({command, columns: fields.map(({name}) => name)}).toEqual({command, columns: Object.keys(rows[0]!)})
    }
  })

  it('over a unix socket', async () => {
    await started({settings: {unix_socket_dir: server.socketDir}})
    const conninfo = `host=${server.socketDir} port=${pooler.port} user=${STATS}`
    const [one] = poolersOf(await takeSnapshot(server.url(), 0, [conninfo]))
    expect(one).toMatchObject({target: {host: server.socketDir, port: pooler.port}, addresses: []})
  })

  it('of one that is named twice, is read once', async () => {
    await started()
    const again = `host=127.0.0.1 port=${pooler.port} user=${ADMIN}`
    const snapshot = await takeSnapshot(server.url(), 0, [pooler.console(), again])
    expect(poolersOf(snapshot)).toHaveLength(1)
    expect(snapshot.sections.poolers).not.toHaveProperty('total')
  })

  it('stays open when its clients have used up max_client_conn', async () => {
    await started({settings: {max_client_conn: '3'}})
    const fill = async (): Promise<void> => client(pooler.url('postgres'), 'gunicorn').then(fill)
    await expect(fill()).rejects.toThrow('max_client_conn')
    const [one] = poolersOf(await takeSnapshot(server.url(), 0, [pooler.console()]))
    expect(one!.lists.used_clients).toBeGreaterThanOrEqual(3)
  })

  it.each([
    ['wrong password', 'password=no', /SASL authentication failed .*check the role's name and the password/],
    ['no password', '', /asks for a password and none was given - set PGPASSWORD/],
    ['unknown user', 'user=nobody password=lab', /SASL authentication failed/],
    [
      'neither stats nor admin',
      'user=app password=lab',
      /user "app" may not use the console - add "app" to stats_users/,
    ],
    ['a pooled database', 'user=postgres password=lab dbname=postgres', /database "postgres", is no PgBouncer console/],
    [
      'an unknown database',
      'password=lab dbname=shop',
      /no such database: shop - the console is the database pgbouncer/,
    ],
  ])('refused (%s): a warning that says what to do, and the server is judged', async (_, options, warning) => {
    await started({settings: {auth_type: 'scram-sha-256'}})
    const conninfo = `host=127.0.0.1 port=${pooler.port} user=${STATS} ${options}`
    const {sections, warnings} = await takeSnapshot(server.url(), 0, [conninfo])
    expect(sections.server.ok).toBe(true)
    expect(sections.poolers).toMatchObject({ok: false, reason: 'error'})
    expect(warnings).toEqual([expect.stringMatching(warning)])
    expect(warnings[0]).toMatch(/^PgBouncer at 127\.0\.0\.1:\d+ could not be read: /)
  })

  it("PostgreSQL's own port is told from the pooler's", async () => {
    const {warnings} = await takeSnapshot(server.url(), 0, [`host=127.0.0.1 port=${server.port} user=postgres`])
    expect(warnings.join()).toContain("this is PostgreSQL's own port")
  })

  it('of two, one dead: the other is read', async () => {
    await started()
    const {sections, warnings} = await takeSnapshot(server.url(), 0, ['host=127.0.0.1 port=1', pooler.console()])
    expect(sections.poolers).toMatchObject({ok: true, total: 2, data: [{version: '1.18.0'}]})
    expect(warnings).toEqual([expect.stringMatching(/^PgBouncer at 127\.0\.0\.1:1 could not be read: /)])
  })

  it('dies in the middle: the server is judged', async () => {
    await started()
    const run = takeSnapshot(server.url(), 2, [pooler.console()])
    await sleep(1000)
    pooler.signal('SIGKILL')
    const {sections, warnings, cutShortBy} = await run
    expect(cutShortBy).toBeNull()
    expect(sections.tables.ok && sections.server.ok).toBe(true)
    expect(sections.poolers).toMatchObject({ok: false, reason: 'error', message: expect.stringMatching(/closed|lost/)})
    expect(warnings).toHaveLength(1)
  })

  it('stalls from the beginning: costs a few seconds', async () => {
    await started()
    const {took: healthy} = await seconds(takeSnapshot(server.url(), 0, [pooler.console()]))
    pooler.signal('SIGSTOP')
    const {result, took} = await seconds(takeSnapshot(server.url(), 0, [pooler.console()]))
    expect(result.sections.tables.ok).toBe(true)
    expect(result.sections.poolers).toMatchObject({
      ok: false,
      message: expect.stringMatching(/timed out|in time|answer/),
    })
    expect(took - healthy).toBeLessThan(6)
  })

  it('stalls in the middle: the same, and the sessions are sampled meanwhile', async () => {
    await started()
    const run = seconds(takeSnapshot(server.url(), 2, [pooler.console()]))
    await sleep(700)
    pooler.signal('SIGSTOP')
    const {result, took} = await run
    expect(took).toBeLessThan(9)
    expect(result.sections.poolers).toMatchObject({ok: false})
    expect(result.sections.activity).toMatchObject({ok: true})
    expect(result.window?.seconds).toBeLessThan(4)
  })

  it('alone: everything but the server; a deadline or a signal keeps what was read', async () => {
    await started()
    const read = async (deadlineMs: number, signal?: AbortSignal) => {
      const readers = await openConsoles([pooler.console()], {})
      const target = {host: '127.0.0.1', port: pooler.port, database: 'pgbouncer', user: STATS}
      return collectPoolersOnly(readers, {windowSeconds: 1, deadlineMs, signal}, target)
    }
    const whole = await read(10_000)
    expect(whole).toMatchObject({cutShortBy: null, warnings: [expect.stringContaining('only a PgBouncer console')]})
    expect(whole.sections.settings).toMatchObject({ok: false, reason: 'unsupported'})
    expect(poolersOf(whole)[0]!.samples.at(-1)!.at).toBeGreaterThan(0.9)
    const late = await read(-900)
    expect(late.cutShortBy).toBe('deadline')
    expect(poolersOf(late)).toHaveLength(1)
    const {result: stopped, took} = await seconds(read(10_000, AbortSignal.timeout(200)))
    expect(stopped.cutShortBy).toBe('signal')
    expect(poolersOf(stopped)).toHaveLength(1)
    expect(took).toBeLessThan(1)
    pooler.signal('SIGKILL')
    expect(await read(10_000)).toMatchObject({cutShortBy: 'lost connection', sections: {poolers: {ok: false}}})
  })
})

describe("a console's address and password", () => {
  let home: string
  let SERVER: NodeJS.ProcessEnv
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'ahsp-db-home-'))
    SERVER = {HOME: home, ...OF_THE_SERVER}
  })
  afterAll(() => rmSync(home, {recursive: true}))
  const OF_THE_SERVER = {
    PGHOST: 'db.example',
    PGHOSTADDR: '10.0.0.1',
    PGPORT: '5433',
    PGDATABASE: 'shop',
    PGSERVICE: 'no-such-service',
    PGTARGETSESSIONATTRS: 'read-write',
    DATABASE_URL: 'postgres://db.example/shop',
    PGUSER: 'ahsp_db',
    PGPASSWORD: 'of-the-server',
  }

  it('have nothing of the server but its user, and its password where there is no other', async () => {
    const settings = await consoleSettings('host=pooler.example', SERVER)
    expect(settings).toMatchObject({
      hosts: [{host: 'pooler.example', port: 6432}],
      database: 'pgbouncer',
      user: 'ahsp_db',
      passwordSource: 'PGPASSWORD',
      targetSessionAttrs: 'any',
    })
    expect(settings.hosts[0]).not.toHaveProperty('hostaddr')
  })

  it("the password file's line comes before the server's PGPASSWORD", async () => {
    writeFileSync(join(home, '.pgpass'), 'db.example:*:*:*:one\npooler.example:6432:pgbouncer:stats:two\n', {
      mode: 0o600,
    })
    const {hosts, passwordSource} = await consoleSettings('host=pooler.example user=stats', SERVER)
    expect(passwordSource).toContain('.pgpass line 2')
    expect(hosts[0]!.password!.reveal()).toBe('two')
    const named = await consoleSettings('postgres://stats:three@pooler.example', SERVER)
    expect(named.hosts[0]!.password!.reveal()).toBe('three')
  })

  it('connect within three seconds, or as long as was asked for', async () => {
    expect((await consoleSettings('host=pooler', {})).connectTimeoutMs).toBe(3000)
    expect((await consoleSettings('host=pooler connect_timeout=9', {})).connectTimeoutMs).toBe(9000)
  })
})
