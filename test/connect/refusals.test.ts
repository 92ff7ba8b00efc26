import {afterAll, beforeAll, expect, test} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type ConnectError, type Connection, connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'

let server: EmbeddedServer
let admin: Connection
const held: Connection[] = []

const open = async (conninfo: string) => connect(await resolveConninfo(conninfo, {HOME: '/nonexistent'}))
const failure = async (conninfo: string) =>
  open(conninfo).then(
    async connection => {
      await connection.close()
      return expect.unreachable('a session was opened')
    },
    (error: ConnectError) => error,
  )
const as = (user: string, options = '', database = 'postgres') =>
  `host=127.0.0.1 port=${server.port} user=${user} dbname=${database} ${options}`

beforeAll(async () => {
  server = await startServer({
    settings: {max_connections: '8', superuser_reserved_connections: '2', reserved_connections: '0', lc_messages: 'C'},
    hba: [
      'host all scram 127.0.0.1/32 scram-sha-256',
      'host all md5 127.0.0.1/32 md5',
      'host all clear 127.0.0.1/32 password',
      'host all barred 127.0.0.1/32 reject',
      'host all ssl_only 192.0.2.1/32 trust',
      'host all postgres,plain,few 127.0.0.1/32 trust',
      'local all peered peer',
    ],
  })
  admin = await open(as('postgres'))
  const setup = `
    CREATE ROLE scram LOGIN PASSWORD 'right';
    CREATE ROLE md5 LOGIN PASSWORD 'right';
    CREATE ROLE clear LOGIN PASSWORD 'right';
    CREATE ROLE plain LOGIN;
    CREATE ROLE peered LOGIN;
    CREATE ROLE "few" LOGIN CONNECTION LIMIT 1;
    CREATE ROLE barred LOGIN;
    CREATE ROLE nologin;`
  await admin.run(setup, {deadlineMs: 10_000})
  await admin.run('CREATE DATABASE narrow CONNECTION LIMIT 1', {deadlineMs: 20_000})
  await admin.run('CREATE DATABASE closed ALLOW_CONNECTIONS false', {deadlineMs: 20_000})
  await admin.run('CREATE DATABASE private; ', {deadlineMs: 20_000})
  await admin.run('REVOKE CONNECT ON DATABASE private FROM PUBLIC', {deadlineMs: 20_000})
})
afterAll(async () => {
  await Promise.all([...held, admin].map(connection => connection?.close()))
  await server?.stop()
})

test.each(['scram', 'md5', 'clear'])('the right password: %s', async user => {
  await (await open(as(user, 'password=right'))).close()
})

test.each(['scram', 'md5', 'clear'])('a wrong password names its source, not its value: %s', async user => {
  const error = await failure(as(user, 'password=hunter2'))
  expect(error).toMatchObject({kind: 'auth', exit: 3, sqlstate: '28P01', attempts: 1})
  expect(error.line).toMatch(new RegExp(`127\\.0\\.0\\.1:${server.port}.*password from: the connection string`))
  expect(error.line).not.toContain('hunter2')
})

test('no password at all', async () => {
  const error = await failure(as('scram'))
  expect(error).toMatchObject({kind: 'auth', hint: expect.stringMatching(/PGPASSWORD.*~\/\.pgpass/)})
})

test('require_auth', async () => {
  await (await open(as('scram', 'password=right require_auth=scram-sha-256'))).close()
  await (await open(as('plain', 'require_auth=none'))).close()
  await (await open(as('plain', 'require_auth=!password'))).close()
  expect(await failure(as('clear', 'password=right require_auth=!password,!none'))).toMatchObject({kind: 'auth'})
  expect(await failure(as('plain', 'require_auth=scram-sha-256'))).toMatchObject({kind: 'auth'})
  expect(await failure(as('scram', 'password=right channel_binding=require'))).toMatchObject({
    kind: 'auth',
    message: expect.stringContaining('channel_binding=require'),
  })
})

test.each([
  ['plain', 'missing', 'no-database', /"missing" does not exist/],
  ['plain', 'closed', 'no-database', /"closed"/],
  ['plain', 'private', 'auth', /permission denied/],
  ['barred', 'postgres', 'hba', /barred/],
  ['ssl_only', 'postgres', 'hba', /no pg_hba\.conf entry/],
])('%s on %s: %s', async (user, database, kind, message) => {
  expect(await failure(as(user, '', database))).toMatchObject({kind, exit: 3, message: expect.stringMatching(message)})
})

test('the limit of a role is named', async () => {
  const first = await open(as('few'))
  const error = await failure(as('few'))
  await first.close()
  expect(error).toMatchObject({kind: 'role-limit', sqlstate: '53300', attempts: 4})
  expect(error.line).toMatch(/role "few".*ALTER ROLE "few" CONNECTION LIMIT/)
})

test('the limit of a database is named', async () => {
  const first = await open(as('plain', '', 'narrow'))
  const error = await failure(as('plain', '', 'narrow'))
  await first.close()
  expect(error).toMatchObject({kind: 'database-limit', sqlstate: '53300', attempts: 4})
  expect(error.line).toMatch(/database "narrow".*ALTER DATABASE "narrow" CONNECTION LIMIT/)
})

test('too many clients: tried again, and a place that becomes free is taken', async () => {
  // The backends that earlier tests left are still on their way out.
  await expect
    .poll(
      async () =>
        (await admin.run("SELECT FROM pg_stat_activity WHERE usename <> 'postgres'", {deadlineMs: 5000}))[0]!.length,
    )
    .toBe(0)
  while (held.length < 5) held.push(await open(as('plain')))
  const error = await failure(as('plain'))
  expect(error).toMatchObject({kind: 'too-many-clients', exit: 3, sqlstate: '53300', attempts: 4})
  expect(error.line).toMatch(/refuses new sessions: .*max_connections/)

  setTimeout(() => held.pop()!.close(), 500)
  held.push(await open(as('plain')))
})

test.skipIf(process.platform === 'win32')('peer: says as whom to run it', async () => {
  const {kind, line} = await failure(`host=${server.socketDir} port=${server.port} user=peered dbname=postgres`)
  expect(kind).toBe('auth')
  expect(line).toContain('sudo -u')
})
