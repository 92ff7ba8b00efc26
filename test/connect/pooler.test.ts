import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type ConnectError, connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'

const hasPgbouncer = spawnSync('pgbouncer', ['--version']).status === 0

describe.skipIf(!hasPgbouncer)('PgBouncer (needs the pgbouncer program)', () => {
  let server: EmbeddedServer
  let folder: string
  let pooler: ChildProcess
  let port: number

  beforeAll(async () => {
    server = await startServer()
    port = await freePort()
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pgbouncer-'))
    const file = (name: string) => path.join(folder, name)
    fs.writeFileSync(file('users.txt'), '"postgres" "right"\n')
    const lines = [
      '[databases]',
      `shop = host=127.0.0.1 port=${server.port} dbname=postgres`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = md5',
      `auth_file = ${file('users.txt')}`,
      'pool_mode = transaction',
      'max_client_conn = 3',
    ]
    fs.writeFileSync(file('pgbouncer.ini'), lines.join('\n'))
    // It refuses to run as root: the server's own account will do.
    const {uid, gid} = fs.statSync(server.dataDir)
    for (const name of ['', 'users.txt', 'pgbouncer.ini']) fs.chownSync(file(name), uid, gid)
    pooler = spawn('pgbouncer', [file('pgbouncer.ini')], {uid, gid, stdio: 'ignore', cwd: folder})
    for (let tries = 0; !(await accepts(port)) && tries < 100; tries++) await sleep(100)
  })
  afterAll(async () => {
    if (pooler && pooler.exitCode === null) {
      pooler.kill()
      await once(pooler, 'exit')
    }
    await server?.stop()
    if (folder) fs.rmSync(folder, {recursive: true})
  })

  const open = async (options: string) =>
    connect(await resolveConninfo(`host=127.0.0.1 port=${port} user=postgres ${options}`, {HOME: folder}))
  const failure = (options: string) =>
    open(options).then(
      () => expect.unreachable('a session was opened'),
      (error: ConnectError) => error,
    )

  test('a session, a deadline and a cancel request through it', async () => {
    const connection = await open('dbname=shop password=right')
    const [rows] = await connection.run('SELECT 1 AS one', {deadlineMs: 5000})
    expect(rows).toEqual([{one: 1}])
    const sleeping = connection.run('SELECT pg_sleep(60)', {deadlineMs: 300})
    await expect(sleeping).rejects.toMatchObject({kind: 'timeout', sqlstate: '57014'})
    expect(connection.isOpen).toBe(true)
    await connection.close()
  })

  test.each([
    ['dbname=nope password=right', 'no-database'],
    ['dbname=shop password=wrong', 'auth'],
  ])('%s', async (options, kind) => {
    expect(await failure(options)).toMatchObject({kind, exit: 3, target: {port}})
  })

  test('its own limit on clients', async () => {
    const held = await Promise.all([1, 2, 3].map(() => open('dbname=shop password=right')))
    const error = await failure('dbname=shop password=right')
    await Promise.all(held.map(connection => connection.close()))
    expect(error).toMatchObject({kind: 'too-many-clients', attempts: 4})
    expect(error.line).toContain('max_client_conn')
  })
})

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const {port} = probe.address() as net.AddressInfo
  probe.close()
  return port
}

const accepts = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    const answer = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', answer(true)).once('error', answer(false))
  })
