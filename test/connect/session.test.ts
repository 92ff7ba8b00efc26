import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type Connection, connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'

let server: EmbeddedServer
let opened: Connection[] = []
beforeAll(async () => {
  server = await startServer()
})
afterEach(async () => {
  await Promise.all(opened.map(connection => connection.close()))
  opened = []
})
afterAll(() => server.stop())

async function open(conninfo = server.url()): Promise<Connection> {
  const connection = await connect(await resolveConninfo(conninfo, {HOME: '/nonexistent'}))
  opened.push(connection)
  return connection
}

const value = async (connection: Connection, sql: string) => {
  const rows = (await connection.run(`SELECT (${sql}) AS value`, {deadlineMs: 5000}))[0]!
  return rows[0]!.value
}

test('a session knows its server', async () => {
  const connection = await open()
  expect(connection).toMatchObject({
    target: {host: '127.0.0.1', port: server.port, database: 'postgres', user: 'postgres'},
    isOpen: true,
    transaction: 'none',
    warnings: [],
  })
  expect(connection.parameters).toMatchObject({
    server_encoding: 'UTF8',
    is_superuser: 'on',
    application_name: 'ahsp-db',
  })
  expect(await value(connection, 'pg_backend_pid()')).toBe(connection.backendPid)
})

test('start-up changes no setting but application_name and client_encoding', async () => {
  const connection = await open()
  const sql = "SELECT name FROM pg_settings WHERE source = 'client' ORDER BY name"
  const [rows] = await connection.run(sql, {deadlineMs: 5000})
  expect(rows!.map(({name}) => name)).toEqual(['application_name', 'client_encoding'])
})

test('a unix socket', async () => {
  const connection = await open(
    `host=${server.socketDir} port=${server.port} user=postgres dbname=postgres sslmode=require`,
  )
  expect(await value(connection, 'inet_client_addr()')).toBeNull()
})

describe('values', () => {
  test.each([
    ['42::int8', 42],
    ['9007199254740991::int8', 9007199254740991],
    ['9007199254740993::int8', '9007199254740993'],
    ['1.25::numeric', 1.25],
    ['0.1::float8', 0.1],
    ["'NaN'::float8", null],
    ["'Infinity'::numeric", null],
    ['4294967295::oid', 4294967295],
    ['true', true],
    ['NULL::int', null],
    ["'x'::name", 'x'],
    ['\'{"a":[1,null]}\'::jsonb', {a: [1, null]}],
    ["'2026-01-02 03:04:05+00'::timestamptz AT TIME ZONE 'UTC'", '2026-01-02 03:04:05'],
    ['ARRAY[1,NULL,3]', [1, null, 3]],
    ["'{}'::int[]", []],
    ["'[0:1]={7,8}'::int[]", [7, 8]],
    ["'1 -2'::int2vector", [1, -2]],
    [
      "ARRAY['a,b', 'say \"hi\"', 'back\\slash', '', 'NULL', NULL, E'two\\nlines']",
      ['a,b', 'say "hi"', 'back\\slash', '', 'NULL', null, 'two\nlines'],
    ],
    ["ARRAY['n']::name[]", ['n']],
    ['ARRAY[true,false]', [true, false]],
    ['ARRAY[1.5]::float8[]', [1.5]],
  ])('%s', async (sql, expected) => {
    expect(await value(await open(), sql)).toEqual(expected)
  })
})

test('several statements in one message: the rows of each', async () => {
  const connection = await open()
  const sql =
    'BEGIN READ ONLY; SET LOCAL statement_timeout = 1000; SELECT 1 AS a UNION SELECT 2 ORDER BY 1; SELECT 3 AS b WHERE false; COMMIT'
  expect(await connection.run(sql, {deadlineMs: 5000})).toEqual([[], [], [{a: 1}, {a: 2}], [], []])
  expect(connection.transaction).toBe('none')
})

describe('errors', () => {
  test('keep their SQLSTATE, and the session goes on after a ROLLBACK', async () => {
    const connection = await open()
    await expect(connection.run('BEGIN; SELECT 1/0; COMMIT', {deadlineMs: 5000})).rejects.toMatchObject({
      kind: 'server',
      sqlstate: '22012',
      message: 'division by zero',
    })
    expect(connection.transaction).toBe('failed')
    await connection.run('ROLLBACK', {deadlineMs: 5000})
    expect(connection.transaction).toBe('none')
    expect(await value(connection, '1')).toBe(1)
  })

  test("the server's own timeout is not ours", async () => {
    const connection = await open()
    const sql = 'BEGIN; SET LOCAL statement_timeout = 50; SELECT pg_sleep(60)'
    await expect(connection.run(sql, {deadlineMs: 5000})).rejects.toMatchObject({kind: 'server', sqlstate: '57014'})
  })

  test('the deadline cancels on the server and keeps the session', async () => {
    const connection = await open()
    const started = Date.now()
    await expect(connection.run('SELECT pg_sleep(60)', {deadlineMs: 200})).rejects.toMatchObject({
      kind: 'timeout',
      sqlstate: '57014',
    })
    expect(Date.now() - started).toBeLessThan(1200)
    expect(connection.isOpen).toBe(true)
    for (let i = 0; i < 20; i++) expect(await value(connection, '1')).toBe(1)
  })

  test('cancel() from outside', async () => {
    const connection = await open()
    const running = connection.run('SELECT pg_sleep(60)', {deadlineMs: 5000})
    const ended = expect(running).rejects.toMatchObject({kind: 'cancelled', sqlstate: '57014'})
    await new Promise(resolve => setTimeout(resolve, 100))
    await connection.cancel()
    await ended
    await connection.cancel()
    expect(await value(connection, '1')).toBe(1)
  })

  test('a frozen backend: the connection is destroyed within 1 s of the deadline, and close() does not hang', async () => {
    const connection = await open()
    process.kill(connection.backendPid, 'SIGSTOP')
    try {
      const started = Date.now()
      await expect(connection.run('SELECT 1', {deadlineMs: 200})).rejects.toMatchObject({
        kind: 'timeout',
        sqlstate: undefined,
      })
      expect(Date.now() - started).toBeLessThan(2500)
      expect(connection.isOpen).toBe(false)
      await connection.close()
    } finally {
      process.kill(connection.backendPid, 'SIGCONT')
    }
  })

  test('terminated in the middle: lost, and so is everything after', async () => {
    const [connection, other] = await Promise.all([open(), open()])
    const running = connection.run('SELECT pg_sleep(60)', {deadlineMs: 10_000})
    const ended = expect(running).rejects.toMatchObject({kind: 'lost', sqlstate: '57P01'})
    await value(other, `pg_terminate_backend(${connection.backendPid})`)
    await ended
    expect(connection.isOpen).toBe(false)
    await expect(connection.run('SELECT 1', {deadlineMs: 100})).rejects.toMatchObject({kind: 'lost'})
    await connection.close()
  })

  test('terminated while idle: noticed before or at the next statement', async () => {
    const [connection, other] = await Promise.all([open(), open()])
    await value(other, `pg_terminate_backend(${connection.backendPid})`)
    await expect(connection.run('SELECT 1', {deadlineMs: 2000})).rejects.toMatchObject({kind: 'lost'})
    expect(connection.isOpen).toBe(false)
  })

  test('only one statement at a time', async () => {
    const connection = await open()
    const first = connection.run('SELECT pg_sleep(0.1)', {deadlineMs: 2000})
    await expect(connection.run('SELECT 1', {deadlineMs: 2000})).rejects.toThrow(/is running/)
    await first
  })
})

test('close() ends the backend', async () => {
  const [connection, other] = await Promise.all([open(), open()])
  await connection.close()
  expect(connection.isOpen).toBe(false)
  await expect
    .poll(() => value(other, `SELECT count(*) FROM pg_stat_activity WHERE pid = ${connection.backendPid}`))
    .toBe(0)
})

describe('target_session_attrs', () => {
  test.each(['any', 'read-write', 'primary', 'prefer-standby'])('%s: a primary will do', async attrs => {
    expect((await open(`${server.url()}?target_session_attrs=${attrs}`)).isOpen).toBe(true)
  })

  test.each(['read-only', 'standby'])('%s: a primary will not do', async attrs => {
    const opening = open(`${server.url()}?target_session_attrs=${attrs}`)
    await expect(opening).rejects.toMatchObject({kind: 'session-attrs', exit: 3})
  })

  test('the first host that answers is taken', async () => {
    const connection = await open(`host=127.0.0.1,127.0.0.1 port=1,${server.port} user=postgres dbname=postgres`)
    expect(connection.target.port).toBe(server.port)
  })
})
