import {afterAll, beforeAll, expect, it} from 'vitest'
import type {CollectContext} from '../../src/collect/collector.js'
import {EXPLAIN_CONTEXT} from '../../src/collect/index.js'
import {LIMITS, ROLLBACK, transaction} from '../../src/collect/transaction.js'
import {resolveConninfo} from '../../src/connect/conninfo.js'
import {type Connection, connect} from '../../src/connect/postgres.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {takeSnapshot} from '../snapshot.js'

const deadline = {deadlineMs: 5000}
let server: EmbeddedServer
let connection: Connection
let context: CollectContext

beforeAll(async () => {
  server = await startServer({settings: {statement_timeout: '77s'}})
  connection = await connect(await resolveConninfo(server.url(), {}))
  context = {...EXPLAIN_CONTEXT, linux: process.platform === 'linux'}
})
afterAll(async () => {
  await connection?.close()
  await server?.stop()
})

it('can write nothing, even as a superuser', async () => {
  await expect(connection.run(transaction('CREATE TABLE t (a int)', context), deadline)).rejects.toMatchObject({
    sqlstate: '25006',
  })
  await connection.run(ROLLBACK, deadline)
})

it('is bounded inside, and leaves the session as it was', async () => {
  const timeouts =
    "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock, " +
    "current_setting('idle_in_transaction_session_timeout') AS idle"
  const inside = await connection.run(transaction(timeouts, context), deadline)
  expect(inside[2]).toEqual([{statement: '5s', lock: `${LIMITS.lock}ms`, idle: '10s'}])
  expect((await connection.run(timeouts, deadline))[0]).toEqual([{statement: '77s', lock: '0', idle: '0'}])
  expect(connection.transaction).toBe('none')
})

it("the snapshot holds the server's timeouts, not ours", async () => {
  const {settings} = (await takeSnapshot(server.url())).sections
  const value = (name: string) => settings.ok && settings.data.find(setting => setting.name === name)?.value
  expect(['statement_timeout', 'lock_timeout', 'search_path'].map(value)).toEqual(['77000', '0', '"$user", public'])
})
