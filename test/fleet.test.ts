import {spawn} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {connect} from '../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../src/embedded/server.js'
import {EXIT} from '../src/errors.js'
import type {FleetReport, FleetRow} from '../src/fleet/types.js'
import {BIN, run} from './cli.js'

const DATABASES = 90
const TIMEOUT_SECONDS = 6
const SECRET = 'hunter2-in-no-output'
/** Tells the most memory that the program ever had, in kB. */
const MEMORY = `data:text/javascript,process.on('exit',()=>console.error('maxRSS='+process.resourceUsage().maxRSS))`

let server: EmbeddedServer
let stalled: {port: number; close: () => void}
let silent: {port: number; close: () => void}
const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-fleet-'))

beforeAll(async () => {
  server = await startServer({
    settings: {max_connections: '60', fsync: 'off', full_page_writes: 'off', max_wal_size: '4GB'},
    hba: ['host all locked 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust'],
  })
  const connection = await connect(await resolveConninfo(server.url('postgres'), {}))
  const send = (sql: string) => connection.run(sql, {deadlineMs: 60_000})
  await send(`CREATE ROLE locked LOGIN PASSWORD 'right'`)
  for (let i = 0; i < DATABASES; i++) await send(`CREATE DATABASE app${i} STRATEGY file_copy`)
  await connection.close()
  stalled = await listen(() => {})
  silent = await listen(untilFirstQuery)
}, 300_000)

afterAll(async () => {
  stalled?.close()
  silent?.close()
  await server?.stop()
  rmSync(folder, {recursive: true})
})

async function listen(answer: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>()
  const listener = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    answer(socket)
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  }
  return {port: (listener.address() as net.AddressInfo).port, close}
}

/** A server that lets one in, and answers nothing that is asked. */
function untilFirstQuery(socket: net.Socket) {
  const upstream = net.connect(server.port, '127.0.0.1')
  upstream.on('error', () => {})
  upstream.on('data', data => socket.write(data))
  socket.on('data', data => {
    if (data[0] !== 'Q'.charCodeAt(0)) upstream.write(data)
  })
  socket.on('close', () => upstream.destroy())
}

type Line = {name: string; connection: string; tags?: string[]; rest?: string}

function configure(targets: Line[], head = '') {
  const lines = targets.map(
    ({name, connection, tags = [], rest = ''}) =>
      `  - {name: ${name}, connection: "${connection}", tags: [${tags.join(', ')}]${rest && `, ${rest}`}}`,
  )
  writeFileSync(join(folder, 'ahsp-db.yaml'), `${[head, 'targets:', ...lines].join('\n')}\n`)
}

const live = (count: number): Line[] =>
  Array.from({length: count}, (_, i) => ({name: `app${i}`, connection: server.url(`app${i}`), tags: ['live']}))
const dead = (count: number): Line[] =>
  Array.from({length: count}, (_, i) => ({
    name: `dead${i}`,
    connection: `postgres://u:${SECRET}@127.0.0.1:1/x`,
    tags: ['dead'],
  }))
const stalling = (count: number): Line[] =>
  Array.from({length: count}, (_, i) => ({
    name: `stalled${i}`,
    connection: `postgres://u:${SECRET}@127.0.0.1:${stalled.port}/x?connect_timeout=600&sslmode=disable`,
    tags: ['stalled'],
  }))

async function check(args: string[], env: NodeJS.ProcessEnv = {}) {
  const started = performance.now()
  const all = ['--import', MEMORY, BIN, 'check', '--timeout', `${TIMEOUT_SECONDS}s`, ...args]
  const ended = await run(process.execPath, all, folder, env)
  expect(ended.stdout + ended.stderr).not.toContain(SECRET)
  const megabytes = Number(/maxRSS=(\d+)/.exec(ended.stderr)![1]) / 1024
  const stderr = ended.stderr.replace(/maxRSS=\d+\n/, '')
  return {...ended, stderr, megabytes, seconds: (performance.now() - started) / 1000}
}

async function fleet(args: string[], env?: NodeJS.ProcessEnv) {
  const ended = await check([...args, '--format', 'json'], env)
  const report = JSON.parse(ended.stdout) as FleetReport
  const row = (name: string) => report.rows.find(each => each.name === name) as FleetRow
  return {...ended, report, row}
}

describe('a hundred targets', () => {
  test('all have their row; the stalled ones hold up nobody, and memory stays flat', async () => {
    configure([...stalling(1), ...dead(1), ...live(18)])
    const few = await fleet(['--all'])
    expect(few.report.rows).toHaveLength(20)

    configure([...stalling(5), ...dead(5), ...live(DATABASES)])
    const alone = await fleet(['--all', '--tag', 'live', '--jobs', '4'])
    const all = await fleet(['--all', '--jobs', '4'])
    expect(all.code).toBe(EXIT.connect)
    expect(all.report.rows).toHaveLength(100)
    const [worst, rest] = [all.report.rows.slice(0, 10), all.report.rows.slice(10)]
    expect(new Set(worst.map(({verdict}) => verdict))).toEqual(new Set(['unreachable']))
    expect(worst.map(({error}) => error?.code).sort()).toEqual([
      ...Array.from({length: 5}, () => 'REFUSED'),
      ...Array.from({length: 5}, () => 'TIMEOUT'),
    ])
    for (const row of rest) {
      // fsync = off: high.
      expect(row).toMatchObject({verdict: 'not ready', partial: false, error: null, exit: EXIT.findings})
      expect(row.findings.map(({rule}) => rule)).toContain('timeouts/statement')
      expect(row.target).toMatchObject({database: row.name, port: server.port})
      expect(row.connections?.usable).toBeGreaterThan(0)
    }
    // Five that stall for six seconds each, in front of all others, at four at once.
    expect(all.report.seconds).toBeLessThan(alone.report.seconds * 1.5 + TIMEOUT_SECONDS + 5)
    expect(all.megabytes - few.megabytes).toBeLessThan(60)
  }, 240_000)

  test('who stalls lets others work: they are all read before it is given up', async () => {
    configure([...stalling(3), ...live(6)])
    const {report, row} = await fleet(['--all', '--jobs', '2'])
    const lastLive = Math.max(...report.rows.filter(({tags}) => tags.includes('live')).map(({at}) => at))
    expect(report.rows).toHaveLength(9)
    for (const name of ['stalled0', 'stalled1', 'stalled2']) expect(row(name).at).toBeGreaterThan(lastLive)
  }, 120_000)
})

describe('one target that fails is one row', () => {
  const one = (name: string, connection: string, rest?: string): Line => ({name, connection, rest})

  test('whatever it fails of; no password is told', async () => {
    const place = `127.0.0.1:${server.port}`
    configure([
      ...live(2),
      one('wrong-password', `postgres://locked:${SECRET}@${place}/app0`),
      one('no-database', server.url('nowhere')),
      one('no-host', `host=no.such.host.invalid password=${SECRET}`),
      one('typo', `hots=x password=${SECRET}`),
      one('unset', `$${'{'}NOT_SET_ANYWHERE}`),
      one('silent', `postgres://u:${SECRET}@127.0.0.1:${silent.port}/app0?user=postgres&sslmode=disable`),
      one('too-many-users', server.url('app0'), 'load: {users: 5000}, failOn: medium'),
    ])
    const {report, row, code} = await fleet(['--all'])
    expect(report.rows).toHaveLength(9)
    const codes = ['wrong-password', 'no-database', 'typo', 'unset'].map(name => row(name).error?.code)
    expect(codes).toEqual(['AUTH', 'NO_DATABASE', 'CONNINFO', 'CONFIG'])
    expect(['UNKNOWN_HOST', 'TIMEOUT', 'UNREACHABLE']).toContain(row('no-host').error?.code)
    expect(row('typo').error?.message).toMatch(/^ahsp-db\.yaml:8:\d+: /)
    expect(row('unset').error?.message).toContain('NOT_SET_ANYWHERE is not set')
    expect(row('silent')).toMatchObject({verdict: 'cannot judge', partial: true})
    expect(row('silent').seconds).toBeLessThan(TIMEOUT_SECONDS + 15)
    expect(row('app0')).toMatchObject({verdict: 'not ready', error: null})
    expect(row('too-many-users').findings.map(({rule}) => rule)).toContain('connections/exhaustion')
    expect(row('app0').findings.map(({rule}) => rule)).not.toContain('connections/exhaustion')
    // A mistake in the configuration weighs more than a dead server, and that more than findings.
    expect(code).toBe(EXIT.usage)
    const formats = ['table', 'markdown', 'prometheus', 'junit', 'sarif', 'csv', 'jsonl']
    const {stdout} = await check(['--all', '--brief', ...formats.flatMap(each => ['--format', `${each}=all.${each}`])])
    for (const text of [stdout, ...formats.map(each => readFileSync(join(folder, `all.${each}`), 'utf8'))]) {
      expect(text).not.toContain(SECRET)
      for (const {name} of report.rows) expect(text).toContain(name)
    }
  }, 180_000)

  test('a server without a free connection is a finding, and unreachable all the same', async () => {
    const url = server.url('app1', 'few')
    const holder = await connect(await resolveConninfo(server.url('postgres'), {}))
    await holder.run('CREATE ROLE few LOGIN CONNECTION LIMIT 1', {deadlineMs: 10_000})
    const taken = await connect(await resolveConninfo(url, {}))
    configure([one('full', url), ...live(1)])
    const {row, code} = await fleet(['--all'])
    await Promise.all([taken.close(), holder.close()])
    expect(row('full')).toMatchObject({verdict: 'not ready', exit: EXIT.connect, counts: {critical: 1}})
    expect(row('full').findings[0]).toMatchObject({rule: 'connections/limits', severity: 'critical'})
    expect(code).toBe(EXIT.connect)
  }, 60_000)
})

test('a monitor gets the worst of all, as its plugins tell it', async () => {
  configure([...live(2), ...dead(1)])
  const {stdout, code} = await check(['--all', '--format', 'nagios'])
  expect(stdout).toMatch(/^AHSP-DB CRITICAL - .*\|critical=\d.* down=1;/)
  expect(code).toBe(2)
}, 60_000)

describe('which targets', () => {
  test('those that have all of the tags', async () => {
    const tagged = (name: string, tags: string[]): Line => ({name, connection: server.url('app0'), tags})
    configure([tagged('a', ['production', 'eu']), tagged('b', ['production']), tagged('c', ['eu'])])
    const names = async (...args: string[]) => (await fleet(args)).report.rows.map(({name}) => name).sort()
    expect(await names('--all')).toEqual(['a', 'b', 'c'])
    expect(await names('--tag', 'production')).toEqual(['a', 'b'])
    expect(await names('--tag', 'production', '--tag', 'eu')).toEqual(['a'])
    const {stderr, code} = await check(['--all', '--tag', 'prodution'])
    expect(stderr).toContain('no target has the tag "prodution" - did you mean production?')
    expect(code).toBe(EXIT.usage)
  }, 60_000)

  test('a name alone is the target, with what the file says of it; anything else is a connection', async () => {
    const rest = 'load: {users: 5000}, only: [connections/exhaustion]'
    configure([{name: 'shop', connection: `$${'{'}SHOP_URL}`, rest}], 'load: {users: 5}')
    const args = ['--format', 'json']
    const {stdout} = await check(['shop', ...args], {SHOP_URL: server.url('app3')})
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({users: 5000, target: {database: 'app3'}})
    expect(report.results).toHaveLength(1)
    const other = JSON.parse((await check([server.url('app4'), ...args])).stdout)
    expect(other).toMatchObject({users: 5, target: {database: 'app4'}})
    const unset = await check(['shop', ...args])
    expect(unset.stderr).toMatch(/error\[CONFIG\]: ahsp-db\.yaml:3:\d+: connection: the environment variable SHOP_URL/)
    expect(unset.code).toBe(EXIT.usage)
  }, 60_000)

  test('what fits one server only is refused', async () => {
    configure(live(1))
    const refusal = async (...args: string[]) => {
      const {code, stderr} = await check(args)
      expect(code).toBe(EXIT.usage)
      return stderr
    }
    expect(await refusal('--all', 'dbname=x')).toContain('together with --all')
    expect(await refusal('--all', '--format', 'html')).toContain('html={name}.html')
    expect(await refusal('--all', '--baseline', 'before.json')).toContain('--baseline last')
    expect(await refusal('--all', '--snapshot', 'x.json')).toContain('--snapshot')
    expect(await refusal('--jobs', '3')).toContain('--all')
    writeFileSync(join(folder, 'ahsp-db.yaml'), 'load: {users: 5}\n')
    expect(await refusal('--all')).toContain('there are no targets in ahsp-db.yaml')
  }, 60_000)
})

test('each target its own file; one that cannot be written is told, and the others are there', async () => {
  configure([...live(2), ...dead(1)])
  mkdirSync(join(folder, 'out', 'app1.json'), {recursive: true})
  const {stdout, code} = await check(['--all', '--format', 'table', '--format', 'json=out/{name}.json'])
  expect(code).toBe(EXIT.output)
  expect(JSON.parse(readFileSync(join(folder, 'out', 'app0.json'), 'utf8')).target.database).toBe('app0')
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(['app0.json', 'app1.json'])
  expect(stdout).toMatch(/^app1 +not ready/m)
  expect(stdout).toContain('app1: cannot write out/app1.json (EISDIR)')
}, 60_000)

test('report --all: a page for each, with the fleet on the terminal', async () => {
  configure([...live(2), ...dead(1)])
  mkdirSync(join(folder, 'pages'))
  const report = (...args: string[]) => run(process.execPath, [BIN, 'report', '--all', ...args], folder)
  const {stdout, code} = await report('-o', 'pages/{name}.html')
  expect(code).toBe(EXIT.connect)
  expect(stdout).toMatch(/^NOT HEALTHY: 1 unreachable, 2 not ready of 3 targets/)
  expect(readdirSync(join(folder, 'pages')).sort()).toEqual(['app0.html', 'app1.html'])
  expect(readFileSync(join(folder, 'pages', 'app1.html'), 'utf8')).toContain('/app1')
  const nowhere = await report('-o', 'no-such-folder/{name}.html')
  expect(nowhere).toMatchObject({code: EXIT.output, stdout: ''})
  expect(nowhere.stderr).toContain('there is no folder no-such-folder')
  expect((await report('-o', 'one.html')).stderr).toContain('a page shows one server')
}, 60_000)

test('the table fits 80 columns, worst on top, however hostile the names', async () => {
  const connection = await connect(await resolveConninfo(server.url('app5'), {}))
  await connection.run('CREATE TABLE "evil\u001b[31m|<b>" (id int)', {deadlineMs: 10_000})
  await connection.close()
  configure([...live(6), ...dead(1), {name: 'n'.repeat(63), connection: server.url('app6')}])
  const {stdout} = await check(['--all'])
  expect(stdout).not.toContain('\u001b')
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(stdout).toMatch(/^NOT HEALTHY: 1 unreachable, 7 not ready of 8 targets\n.*\n\ntarget.*\n─+\ndead0 /)
}, 60_000)

test('SIGTERM: what was read is told, the others by name', async () => {
  configure([...live(20), ...stalling(4)])
  const child = spawn(process.execPath, [BIN, 'check', '--all', '--jobs', '2', '--window', '20s', '--format', 'json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  setTimeout(() => child.kill('SIGTERM'), 4000)
  const code = await new Promise(resolve => child.on('close', resolve))
  const report = JSON.parse(text) as FleetReport
  expect(code).toBe(EXIT.terminated)
  expect(report.rows).toHaveLength(24)
  expect(report.rows.filter(({verdict}) => verdict === 'not read').length).toBeGreaterThan(10)
  expect(report.seconds).toBeLessThan(15)
}, 60_000)
