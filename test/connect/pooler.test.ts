import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {hasPgbouncer, PASSWORD, type Pgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type ConnectError, connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'

describe.skipIf(!hasPgbouncer)('PgBouncer (needs the pgbouncer program)', () => {
  let server: EmbeddedServer
  let pooler: Pgbouncer

  beforeAll(async () => {
    server = await startServer()
    pooler = await startPgbouncer({
      server,
      databases: {shop: `host=127.0.0.1 port=${server.port} dbname=postgres`},
      settings: {auth_type: 'md5', max_client_conn: '3'},
    })
  })
  afterAll(async () => {
    await pooler?.stop()
    await server?.stop()
  })

  const open = async (options: string) =>
    connect(await resolveConninfo(`host=127.0.0.1 port=${pooler.port} user=postgres ${options}`, {HOME: '/nowhere'}))
  const failure = (options: string) =>
    open(options).then(
      () => expect.unreachable('a session was opened'),
      (error: ConnectError) => error,
    )

  test('a session, a deadline and a cancel request through it', async () => {
    const connection = await open(`dbname=shop password=${PASSWORD}`)
    const [rows] = await connection.run('SELECT 1 AS one', {deadlineMs: 5000})
    expect(rows).toEqual([{one: 1}])
    const sleeping = connection.run('SELECT pg_sleep(60)', {deadlineMs: 300})
    await expect(sleeping).rejects.toMatchObject({kind: 'timeout', sqlstate: '57014'})
    expect(connection.isOpen).toBe(true)
    await connection.close()
  })

  test.each([
    [`dbname=nope password=${PASSWORD}`, 'no-database'],
    ['dbname=shop password=wrong', 'auth'],
  ])('%s', async (options, kind) => {
    expect(await failure(options)).toMatchObject({kind, exit: 3, target: {port: pooler.port}})
  })

  test('its own limit on clients', async () => {
    const held = await Promise.all([1, 2, 3].map(() => open(`dbname=shop password=${PASSWORD}`)))
    const error = await failure(`dbname=shop password=${PASSWORD}`)
    await Promise.all(held.map(connection => connection.close()))
    expect(error).toMatchObject({kind: 'too-many-clients', attempts: 4})
    expect(error.line).toContain('max_client_conn')
  })
})
