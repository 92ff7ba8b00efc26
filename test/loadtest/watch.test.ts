import {appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {hasPgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {MARK} from '../../src/collect/collector.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {readRun} from '../../src/loadtest/read.js'
import {BIN, cliIn, run} from '../cli.js'
import {startWatching} from './watching.js'

const SECRET = 'hunter2secret'
/** Of 12 connections three are for superusers. */
const USABLE = 9
/** What the watching one and the administrator's leave. */
const FREE = USABLE - 2

let server: EmbeddedServer
let folder: string
let admin: pg.Client
let url: string
let files = 0
const newFile = () => join(folder, `run${files++}.jsonl`)

/** The server may end a session; that is no failure of the test. */
async function client(user: string): Promise<pg.Client> {
  const opened = new pg.Client({connectionString: server.url('postgres', user), application_name: 'load'})
  opened.on('error', () => {})
  await opened.connect()
  return opened
}

const endAll = (clients: pg.Client[]) => Promise.all(clients.map(each => each.end().catch(() => {})))

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ahsp-db-watch-'))
  server = await startServer({settings: {max_connections: '12', shared_preload_libraries: 'pg_stat_statements'}})
  admin = await client('postgres')
  await admin.query(`CREATE EXTENSION pg_stat_statements; CREATE ROLE app LOGIN; GRANT pg_monitor TO app;
    CREATE TABLE django_session (session_key text PRIMARY KEY, session_data text);
    INSERT INTO django_session VALUES ('a', ''); GRANT ALL ON django_session TO app`)
  url = server.url('postgres', 'app')
})
afterAll(async () => {
  await admin?.end().catch(() => {})
  await server?.stop()
  rmSync(folder, {recursive: true, force: true})
})

const node = (script: string) => [process.execPath, '-e', script]

describe('a run with a command', () => {
  it('passes on its output and exit code, and records who waits for what', async () => {
    const clients = [await client('app'), await client('app'), await client('app')]
    const [holder, ...waiting] = clients as [pg.Client, ...pg.Client[]]
    await holder.query('BEGIN')
    await holder.query(`UPDATE django_session SET session_data = '${SECRET}'`)
    const blocked = waiting.map(each => each.query(`UPDATE django_session SET session_data = '${SECRET}x'`))
    const file = newFile()
    const script = 'console.log(process.argv.slice(1).join()); setTimeout(() => process.exit(99), 4500)'
    const words = [...node(script), '--', '--help', `--password=${SECRET}`, 'a b']
    const watching = startWatching(file, ['--users', '50', url, '--', ...words])
    await watching.until('activity', 2)
    for (let call = 0; call < 50; call += 1) await admin.query('SELECT $1::int AS fifty_times', [call])
    const {code, stdout, stderr} = await watching.ended
    await holder.query('COMMIT')
    await Promise.all(blocked)
    await endAll(clients)
    expect({code, stdout}).toEqual({code: 99, stdout: `--help,--password=${SECRET},a b\n`})
    expect(stderr).toContain(`ahsp-db loadtest verdict ${file}`)

    expect(readFileSync(file, 'utf8')).not.toContain(SECRET)
    const read = await readRun(file)
    expect(read.start).toMatchObject({users: 50, target: {port: server.port, user: 'app'}})
    expect(read.start.command).toContain('--password=<redacted>')
    expect(Math.abs(read.start.clock!.offset)).toBeLessThan(0.5)
    expect(read.end).toMatchObject({reason: 'command', exitCode: 99, notes: []})
    expect(read.activity.length).toBeGreaterThanOrEqual(4)
    expect(read.activity[1]).toMatchObject({
      total: 4,
      active: 2,
      idleInTransaction: 1,
      blocked: [{relation: '"public"."django_session"', count: 2}],
      clients: [{user: 'app', application: 'load', address: '127.0.0.1', count: 3}, {user: 'postgres'}],
    })
    expect(read.activity[1]!.waits.every(({type}) => type === 'Lock')).toBe(true)
    expect(read.activity[1]!.statements[0]!.text).toBe('UPDATE django_session SET session_data = $1')
    expect(read.counters[0]).toMatchObject({usable: USABLE, maxConnections: 12})
  })

  it('counts what statements added, without our own', async () => {
    const file = newFile()
    const watching = startWatching(file, ['--duration', '4s', url])
    await watching.until('activity', 1)
    for (let call = 0; call < 50; call += 1) await admin.query('SELECT abs($1::int) AS counted', [call])
    expect((await watching.ended).code).toBe(0)
    const read = await readRun(file)
    const added = read.counters.flatMap(({statements}) => statements ?? [])
    const [queryid] = [...read.texts].find(([, text]) => /counted/.test(text))!
    expect(added.filter(each => each.queryid === queryid).reduce((sum, {calls}) => sum + calls, 0)).toBe(50)
    expect([...read.texts.values()].filter(text => text.includes(MARK))).toEqual([])
    // What is left of ours is one entry with everybody's BEGIN and COMMIT.
    expect(new Set(added.map(each => read.texts.get(each.queryid)?.split(/\s/)[0]?.toUpperCase())).size).toBeLessThan(5)
  })

  it('has a snapshot at both ends, the run as the window of the last', async () => {
    const file = newFile()
    expect((await startWatching(file, ['--duration', '3s', url]).ended).code).toBe(0)
    const {snapshots, end} = await readRun(file)
    expect(end).toMatchObject({reason: 'duration', exitCode: null})
    expect(snapshots.start!.window).toBeNull()
    const {window, sections} = snapshots.end!
    expect(window!.seconds).toBeGreaterThan(2.5)
    expect(window!.before.databases.map(({name}) => name)).toContain('postgres')
    expect(window!.statements!.at.length).toBeGreaterThanOrEqual(2)
    expect(sections.activity.ok && sections.activity.data.samples.length).toBeGreaterThanOrEqual(4)
  })
})

it('a role that may see little counts the connections all the same, and is told what it lacks', async () => {
  await admin.query('CREATE ROLE plain LOGIN')
  const file = newFile()
  const {code, stderr} = await startWatching(file, ['--duration', '1s', server.url('postgres', 'plain')]).ended
  expect(code).toBe(0)
  expect(stderr).toContain('GRANT pg_monitor TO "plain"')
  const {activity, counters} = await readRun(file)
  expect(activity[0]).toMatchObject({total: 1, active: 0, clients: [{user: 'postgres'}]})
  expect(counters.every(({statements}) => statements === null)).toBe(true)
})

describe('refusals', () => {
  it('are recorded while others hold every connection, and sampling goes on after that', async () => {
    const file = newFile()
    const watching = startWatching(file, [url])
    await watching.until('activity', 2)
    const clients: pg.Client[] = []
    while (clients.length < FREE) clients.push(await client('app'))
    await watching.until('activity', 4)
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ahsp-db'`)
    for (let tries = 0; clients.length <= FREE && tries < 50; tries += 1) {
      await client('app')
        .then(opened => clients.push(opened))
        .catch(() => sleep(10))
    }
    expect(clients.length).toBe(FREE + 1)
    await watching.until('refused', 3)
    await endAll(clients)
    const before = (await readRun(file)).activity.length
    await watching.until('activity', before + 2)
    watching.kill('SIGINT')
    expect((await watching.ended).code).toBe(0)
    const {refusals, activity, end, snapshots} = await readRun(file)
    expect(refusals.map(({sqlstate}) => sqlstate)).toEqual(['57P01', ...refusals.slice(1).map(() => '53300')])
    expect(refusals.every(({end: which}) => which === 'server')).toBe(true)
    expect(activity.filter(({at}) => at > refusals.at(-1)!.at).length).toBeGreaterThanOrEqual(2)
    expect(end).toMatchObject({reason: 'interrupted', exitCode: null})
    expect(snapshots.end).not.toBeNull()
  })

  it('a restart of the server is told', async () => {
    const file = newFile()
    const watching = startWatching(file, [url])
    await watching.until('counters', 2)
    await server.restart()
    await admin.end().catch(() => {})
    admin = await client('postgres')
    const before = (await readRun(file)).counters.length
    await watching.until('counters', before + 1)
    watching.kill('SIGTERM')
    expect((await watching.ended).code).toBe(143)
    const read = await readRun(file)
    expect(read.refusals.length).toBeGreaterThan(0)
    expect(read.restarts.length).toBe(1)
    expect(read.restarts[0]).toBeGreaterThan(read.activity[0]!.at)
    expect(read.restarts[0]).toBeLessThan(read.activity.at(-1)!.at)
    expect(read.notes.join()).toMatch(/restarted \d+ s after its start/)
    expect(read.snapshots.end!.window).toBeNull()
  })
})

describe('how a run ends', () => {
  it('Ctrl-C reaches the command, which decides the exit code', async () => {
    const file = newFile()
    const script = "process.on('SIGINT', () => {console.log('summary'); process.exit(7)}); setInterval(() => {}, 1000)"
    const watching = startWatching(file, [url, '--', ...node(script)])
    await watching.until('activity', 2)
    watching.kill('SIGINT')
    expect(await watching.ended).toMatchObject({code: 7, stdout: 'summary\n'})
    expect((await readRun(file)).end).toMatchObject({reason: 'interrupted', exitCode: 7})
  })

  it('the duration ends the command', async () => {
    const file = newFile()
    const watching = startWatching(file, [url, '--duration', '2s', '--', ...node('setInterval(() => {}, 1000)')])
    expect((await watching.ended).code).toBe(143)
    expect((await readRun(file)).end).toMatchObject({reason: 'duration', exitCode: 143})
  })

  it('kill -9 leaves a file that can be read, also with half a line', async () => {
    const file = newFile()
    const watching = startWatching(file, [url])
    await watching.until('activity', 3)
    watching.kill('SIGKILL')
    await watching.ended
    appendFileSync(file, '{"type":"activity","at":17')
    const read = await readRun(file)
    expect(read.activity.length).toBeGreaterThanOrEqual(3)
    expect(read.end).toBeNull()
    expect(read.snapshots.start).not.toBeNull()
    expect(read.notes).toEqual(['the file breaks off: the watching was killed, or still goes on'])
  })
})

describe('mistakes', () => {
  it('a command that is not there: one line, nothing sampled', async () => {
    const file = newFile()
    const {code, stdout, stderr} = await startWatching(file, [url, '--', 'no-such-load-tool', '-u', '50']).ended
    expect({code, stdout}).toEqual({code: 2, stdout: ''})
    expect(stderr).toMatch(/^error\[USAGE\]: the command "no-such-load-tool" was not found - [^\n]*\n$/)
    expect(existsSync(file)).toBe(false)
  })

  it('a file that cannot be written: exit 6, at the beginning or later', async () => {
    const nowhere = await startWatching(join(folder, 'none', 'run.jsonl'), [url]).ended
    expect(nowhere).toMatchObject({code: 6, stderr: expect.stringMatching(/^error\[OUTPUT\]: [^\n]*ENOENT[^\n]*\n$/)})
    const file = newFile()
    const limited = `ulimit -f 16; exec "$0" "$1" loadtest watch -o "$2" "$3"`
    const {code, stderr} = await run('bash', ['-c', limited, process.execPath, BIN, file, url], folder)
    expect(code).toBe(6)
    expect(stderr).toMatch(/error\[OUTPUT\]: cannot write \S+ \(EFBIG\)/)
    expect((await readRun(file)).end).toBeNull()
  })

  it('no server: exit 3, no file', async () => {
    const file = newFile()
    const {code} = await startWatching(file, ['postgres://app@127.0.0.1:1/postgres']).ended
    expect(code).toBe(3)
    expect(existsSync(file)).toBe(false)
  })

  it('the default file is named by the time, and help is found', async () => {
    const cwd = mkdtempSync(join(folder, 'cwd'))
    const cli = cliIn(cwd)
    expect((await cli(['loadtest', 'watch', url, '--duration', '1s'])).code).toBe(0)
    expect(readdirSync(cwd)).toEqual([expect.stringMatching(/^ahsp-db-run-\d{8}T\d{6}Z\.jsonl$/)])
    expect((await cli(['loadtest', '--help'])).stdout).toMatch(/loadtest watch/)
    expect((await cli(['loadtest', 'watch', '--help'])).stdout).toContain('-- COMMAND...')
  })
})

describe.skipIf(!hasPgbouncer)('PgBouncer (needs the program pgbouncer)', () => {
  it('its pools are sampled, and its absence is recorded', async () => {
    const pooler = await startPgbouncer({server, settings: {default_pool_size: '1', max_client_conn: '50'}})
    try {
      const file = newFile()
      const watching = startWatching(file, [url, '--pgbouncer', pooler.console()])
      await watching.until('pools', 2)
      const clients = await Promise.all(
        [1, 2, 3].map(async () => {
          const opened = new pg.Client({connectionString: pooler.url('postgres')})
          opened.on('error', () => {})
          await opened.connect()
          return opened
        }),
      )
      const asleep = clients.map(each => each.query('SELECT pg_sleep(2)').catch(() => {}))
      await watching.until('pools', 5)
      await Promise.all(asleep)
      await endAll(clients)
      await pooler.restart()
      const before = (await readRun(file)).pools.length
      await watching.until('pools', before + 2)
      watching.kill('SIGINT')
      expect((await watching.ended).code).toBe(0)
      const {pools, refusals, snapshots} = await readRun(file)
      const waiting = pools.flatMap(sample => sample.pools.filter(({clientsWaiting}) => clientsWaiting > 0))
      expect(waiting[0]).toMatchObject({database: 'postgres', user: 'app', serversActive: 1, poolMode: 'transaction'})
      expect(pools[0]).toMatchObject({console: `PgBouncer at 127.0.0.1:${pooler.port}`, maxClientConn: 50})
      expect(pools.some(({transactions}) => transactions !== null)).toBe(true)
      expect(refusals.map(({end}) => end)).toContain(`PgBouncer at 127.0.0.1:${pooler.port}`)
      const {poolers} = snapshots.end!.sections
      expect(poolers.ok && poolers.data[0]!.samples.length).toBeGreaterThan(1)
    } finally {
      await pooler.stop()
    }
  })
})
