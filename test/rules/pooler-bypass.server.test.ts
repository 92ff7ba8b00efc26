import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {hasPgbouncer, type Pgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {analyze} from '../../src/analyze.js'
import {loadConfig} from '../../src/config.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import {rules} from '../../src/rules/index.js'
import {takeSnapshot} from '../snapshot.js'

/** Every way in which a database of the pooler differs from the server's, on one real pair. */
describe.skipIf(!hasPgbouncer)('pooler/bypass on a real PgBouncer (needs the pgbouncer program)', () => {
  let server: EmbeddedServer
  let pooler: Pgbouncer
  const open: pg.Client[] = []

  beforeAll(async () => {
    server = await startServer()
    const admin = await connected(server.url())
    for (const statement of [
      'CREATE ROLE app LOGIN',
      'CREATE ROLE owner LOGIN',
      'CREATE DATABASE shop',
      'CREATE DATABASE wiki',
    ])
      await admin.query(statement)
    await admin.end()
    const to = (rest: string) => `host=127.0.0.1 port=${server.port} ${rest}`
    const databases = {
      shop: to('dbname=shop'),
      alias: to('dbname=shop'),
      held: to('dbname=shop pool_mode=session'),
      forced: to('dbname=wiki user=owner'),
      // Names that the file does not know.
      '*': to(''),
    }
    pooler = await startPgbouncer({server, databases})
  })
  afterAll(async () => {
    await Promise.all(open.map(client => client.end().catch(() => {})))
    await pooler?.stop()
    await server?.stop()
  })

  async function connected(connectionString: string, name = 'gunicorn'): Promise<pg.Client> {
    const client = new pg.Client({connectionString, application_name: name})
    client.on('error', () => {})
    await client.connect()
    await client.query('SELECT 1')
    open.push(client)
    return client
  }

  const check = async () => {
    const snapshot = await takeSnapshot(server.url(), 0, [pooler.console()])
    const config = await loadConfig(undefined, rules as never, {})
    const report = await analyze(snapshot, {...config, only: ['pooler/bypass']}, {}, rules as never)
    return report.results[0]!
  }

  it('silent while everybody comes through it, by whatever name; then names who does not', async () => {
    for (const database of ['shop', 'alias', 'held', 'forced', 'postgres']) {
      for (let i = 0; i < 3; i++) await connected(pooler.url(database))
    }
    expect(await check()).toMatchObject({
      status: 'ok',
      summary:
        'clients of "postgres", "shop", "wiki": 15 through the pooler, none of the application past it; tools and others: 0',
    })
    await connected(server.url('shop', 'app'), 'psql')
    for (let i = 0; i < 2; i++) await connected(server.url('shop', 'app'), 'celery')
    for (let i = 0; i < 3; i++) await connected(server.url('wiki', 'owner'))
    const {findings, summary} = await check()
    expect(findings.map(({severity, subject}) => `${severity} ${subject}`)).toEqual([
      'high role "owner" in database "wiki"',
      'medium role "app" in database "shop"',
    ])
    expect(summary).toContain('5 of the application past it; tools and others: 1')
  })
})
