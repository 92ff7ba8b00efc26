import type net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {ConnectError, connect} from '../../src/connect/postgres.js'
import {decodeStartup, errorResponse, type FakeServer, fakeServer} from './fake-server.js'

const fakes: FakeServer[] = []
afterAll(() => Promise.all(fakes.map(fake => fake.close())))

async function faking(onConnection: (socket: net.Socket) => void): Promise<FakeServer> {
  const fake = await fakeServer(onConnection)
  fakes.push(fake)
  return fake
}

const settingsFor = (text: string) => resolveConninfo(text, {HOME: os.tmpdir(), PGUSER: 'u', PGDATABASE: 'd'})

async function failure(text: string): Promise<{error: ConnectError; ms: number}> {
  const settings = await settingsFor(text)
  const started = Date.now()
  const error = await connect(settings).then(
    () => expect.unreachable('a session was opened'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConnectError)
  expect(error).toMatchObject({exit: 3})
  return {error: error as ConnectError, ms: Date.now() - started}
}

/** Answers the request for TLS with `reply`, and what follows with `then`. */
const answering = (reply: string, then?: (socket: net.Socket, startup: Buffer) => void) => (socket: net.Socket) => {
  socket.once('data', () => {
    if (then) socket.once('data', startup => then(socket, startup))
    socket.write(reply)
  })
}

const saying = (message: Buffer) => answering('N', socket => socket.end(message))

describe('no server', () => {
  test('refused', async () => {
    const {error} = await failure('host=127.0.0.1 port=1')
    expect(error).toMatchObject({kind: 'refused', code: 'REFUSED'})
    expect(error.message).toContain('127.0.0.1:1')
  })

  test('unknown host', async () => {
    const {error, ms} = await failure('host=nonexistent.invalid')
    expect(error).toMatchObject({kind: 'unknown-host', message: expect.stringContaining('nonexistent.invalid:5432')})
    expect(ms).toBeLessThan(5000)
  })

  test.skipIf(process.platform === 'win32')('no socket file', async () => {
    const {error} = await failure(`host=${path.join(os.tmpdir(), 'nowhere')} port=7`)
    expect(error).toMatchObject({kind: 'refused', message: expect.stringContaining('nowhere/.s.PGSQL.7')})
  })

  test('several hosts: each is reported', async () => {
    const {error} = await failure('host=127.0.0.1,nonexistent.invalid port=1,2')
    expect(error.message).toMatch(/none of 2 hosts .*127\.0\.0\.1:1.*nonexistent\.invalid:2/)
  })
})

describe.concurrent('a stalled server ends within 5 s', () => {
  test.each(['disable', 'prefer', 'require'])('after it accepted, sslmode=%s', async sslmode => {
    const fake = await faking(() => {})
    const {error, ms} = await failure(`host=127.0.0.1 port=${fake.port} sslmode=${sslmode}`)
    expect(error).toMatchObject({kind: 'timeout', message: expect.stringContaining(`127.0.0.1:${fake.port}`)})
    expect(ms).toBeLessThan(5000)
  })

  test('in the TLS handshake', async () => {
    const fake = await faking(answering('S'))
    const {error, ms} = await failure(`host=127.0.0.1 port=${fake.port} sslmode=require`)
    expect(error.kind).toBe('timeout')
    expect(ms).toBeLessThan(5000)
  })

  test('after the start-up packet, and connect_timeout is obeyed', async () => {
    const fake = await faking(answering('N', () => {}))
    const {error, ms} = await failure(`host=127.0.0.1 port=${fake.port} connect_timeout=1`)
    expect(error).toMatchObject({kind: 'timeout', message: expect.stringContaining('within 1 s')})
    expect(ms).toBeLessThan(2500)
  })
})

describe('something else answers', () => {
  test.each([
    [
      'a web server',
      (socket: net.Socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      'protocol',
    ],
    ['one that hangs up', (socket: net.Socket) => socket.end(), 'dropped'],
    ['one that hangs up after the start-up packet', answering('N', socket => socket.end()), 'dropped'],
    ['bytes behind the answer to the request for TLS', answering('Sx'), 'protocol'],
    ['garbage instead of a TLS handshake', answering('S', socket => socket.end('what?')), 'tls'],
    ['an unknown message', saying(Buffer.from([0x7a, 0, 0, 0, 4])), 'protocol'],
    ['a request for GSSAPI', saying(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 7])), 'auth'],
  ])('%s', async (_, onConnection, kind) => {
    const fake = await faking(onConnection)
    const {error} = await failure(`host=127.0.0.1 port=${fake.port} sslmode=${kind === 'tls' ? 'require' : 'prefer'}`)
    expect(error.kind).toBe(kind)
  })

  test.each(['require', 'verify-ca', 'verify-full'])(
    'a server without TLS is never used with sslmode=%s',
    async sslmode => {
      let startups = 0
      const fake = await faking(answering('N', () => startups++))
      const {error} = await failure(
        `host=127.0.0.1 port=${fake.port} sslmode=${sslmode} sslrootcert=${import.meta.filename}`,
      )
      expect(error).toMatchObject({kind: 'tls', message: expect.stringContaining(`sslmode=${sslmode}`)})
      expect(startups).toBe(0)
    },
  )
})

describe.concurrent('what a server or pooler says', () => {
  test.each([
    ['3D000', 'la base de données « d » n’existe pas', undefined, 'no-database'],
    ['28000', 'no pg_hba.conf entry for host', 'ClientAuthentication', 'hba'],
    ['28000', 'role "u" does not exist', 'InitializeSessionUserId', 'no-role'],
    ['28P01', 'password authentication failed', 'auth_failed', 'auth'],
    ['42501', 'permission denied for database "d"', 'CheckMyDatabase', 'auth'],
    ['08P01', 'no such database: d', undefined, 'no-database'],
    ['08P01', 'no such user: u', undefined, 'auth'],
    ['08P01', 'server login has been failing', undefined, 'pooler'],
    ['XX000', 'out of\n\u001b[31m cheese', undefined, 'server'],
  ])('%s %s', async (sqlstate, message, routine, kind) => {
    const fake = await faking(saying(errorResponse(sqlstate, message, routine)))
    const {error} = await failure(`host=127.0.0.1 port=${fake.port} password=hunter2`)
    expect(error).toMatchObject({kind, sqlstate, attempts: 1})
    expect(error.line).not.toMatch(/hunter2|[\n\u001b]/)
  })

  test('too many clients in any language: three more tries within 10 s', async () => {
    const fake = await faking(
      saying(errorResponse('53300', 'désolé, trop de clients sont déjà connectés', 'InitProcess')),
    )
    const {error, ms} = await failure(`host=127.0.0.1 port=${fake.port}`)
    expect(error).toMatchObject({kind: 'too-many-clients', attempts: 4, sqlstate: '53300'})
    expect(fake.connections).toBe(4)
    expect(ms).toBeLessThan(10_000)
  })

  test('starting up: tries for 10 s', async () => {
    const fake = await faking(saying(errorResponse('57P03', 'the database system is starting up')))
    const {error, ms} = await failure(`host=127.0.0.1 port=${fake.port}`)
    expect(error).toMatchObject({kind: 'starting-up', sqlstate: '57P03'})
    expect(error.attempts).toBeGreaterThan(5)
    expect(ms).toBeLessThan(12_000)
  })

  test('a refused start-up parameter: once more without application_name', async () => {
    const startups: Record<string, string>[] = []
    const fake = await faking(
      answering('N', (socket, packet) => {
        startups.push(decodeStartup(packet).parameters)
        const refused = errorResponse('08P01', 'unsupported startup parameter: application_name')
        socket.end(startups.length === 1 ? refused : errorResponse('3D000', 'enough seen'))
      }),
    )
    await failure(`host=127.0.0.1 port=${fake.port}`)
    expect(startups).toEqual([
      {user: 'u', database: 'd', application_name: 'ahsp-db', client_encoding: 'UTF8'},
      {user: 'u', database: 'd', client_encoding: 'UTF8'},
    ])
  })

  test('a password is not sent when none is known', async () => {
    let answered = false
    const askForPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])
    const fake = await faking(
      answering('N', socket => {
        socket.once('data', () => (answered = true))
        socket.write(askForPassword)
      }),
    )
    const {error} = await failure(`host=127.0.0.1 port=${fake.port}`)
    expect(error).toMatchObject({kind: 'auth', hint: expect.stringContaining('PGPASSWORD')})
    const forbidden = await failure(`host=127.0.0.1 port=${fake.port} password=p require_auth=scram-sha-256,none`)
    expect(forbidden.error).toMatchObject({kind: 'auth', message: expect.stringContaining('require_auth')})
    expect(answered).toBe(false)
  })
})

test('the start-up packet holds user, database, client_encoding and application_name, whatever this process has set', async () => {
  const polluted = {
    PGOPTIONS: '-c geqo=off',
    PGAPPNAME: 'wrong',
    PGREPLICATION: 'true',
    PGSSLNEGOTIATION: 'direct',
    PGPASSWORD: 'x',
  }
  const before = {...process.env}
  let packet: Buffer | undefined
  const fake = await faking(
    answering('N', (socket, startup) => {
      packet = startup
      socket.end()
    }),
  )
  Object.assign(process.env, polluted)
  try {
    await failure(`host=127.0.0.1 port=${fake.port}`)
  } finally {
    for (const name of Object.keys(polluted)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
  expect(decodeStartup(packet!)).toEqual({
    version: 3 << 16,
    parameters: {user: 'u', database: 'd', application_name: 'ahsp-db', client_encoding: 'UTF8'},
  })
})
