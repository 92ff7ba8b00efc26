import pg from 'pg'
import {analyze} from '../../../src/analyze.js'
import {DEFAULTS} from '../../../src/config.js'
import {diffRuns} from '../../../src/diff/diff.js'
import {type EmbeddedServer, startServer} from '../../../src/embedded/server.js'
import {trendPoint} from '../../../src/history/trend.js'
import {html} from '../../../src/render/html/index.js'
import type {Report} from '../../../src/report.js'
import {rules} from '../../../src/rules/index.js'
import type {Snapshot} from '../../../src/snapshot.js'
import {quoteIdent} from '../../../src/sql/quote.js'
import {takeSnapshot} from '../../snapshot.js'

/** Names that would act if they were markup, and one that is as long as names may be. */
export const IMAGE = '<img src=x onerror=alert(1)>'
export const BREAKOUT = '"\'></td></script><script>alert(2)</script>'
export const BIDI = 'evil\u202egnp.exe'
export const LONG = 'w'.repeat(63)
const TABLES = 500
const DAY = 86_400

const context = {users: 100}

export type Run = {snapshot: Snapshot; report: Report}

/** A real server with 500 tables and hostile names, read twice; between the readings a disease appeared. */
export async function twoRuns(): Promise<{before: Run; after: Run}> {
  const settings = {shared_preload_libraries: 'pg_stat_statements', max_connections: '30'}
  const server = await startServer({settings, quick: true})
  const sessions: pg.Client[] = []
  try {
    await fill(server)
    const before = await run(server, -DAY)
    sessions.push(await neglect(server, BREAKOUT, 1), await neglect(server, BIDI, 2))
    return {before, after: await run(server, 0)}
  } finally {
    await Promise.all(sessions.map(session => session.end()))
    await server.stop()
  }
}

async function connected(server: EmbeddedServer, application = 'test'): Promise<pg.Client> {
  const client = new pg.Client({connectionString: server.url(), application_name: application})
  await client.connect()
  return client
}

async function fill(server: EmbeddedServer): Promise<void> {
  const client = await connected(server)
  await client.query('CREATE EXTENSION pg_stat_statements')
  await client.query(`DO $$ BEGIN FOR i IN 1..${TABLES} LOOP
    EXECUTE format('CREATE TABLE a_rather_long_schema_like_prefix_of_table_number_%s (id int PRIMARY KEY, parent int, name text)', i);
    EXECUTE format('CREATE INDEX ON a_rather_long_schema_like_prefix_of_table_number_%s (name)', i);
  END LOOP; END $$`)
  for (const name of [IMAGE, BREAKOUT, BIDI, LONG]) {
    const table = quoteIdent(name)
    await client.query(`CREATE TABLE ${table} (id int, note text)`)
    await client.query(`INSERT INTO ${table} SELECT i, repeat('x', 500) FROM generate_series(1, 2000) i`)
    await client.query(`DELETE FROM ${table} WHERE id % 3 = 0`)
    await client.query(`SELECT count(*) FROM ${table} WHERE note = 'y'`)
  }
  await client.query('ANALYZE')
  await client.end()
}

/** A transaction that nobody ends, under a name that is markup. */
async function neglect(server: EmbeddedServer, application: string, row: number): Promise<pg.Client> {
  const client = await connected(server, application)
  await client.query('BEGIN')
  await client.query(`UPDATE ${quoteIdent(IMAGE)} SET note = 'z' WHERE id = ${row}`)
  return client
}

/** Read now; `shift` seconds on the clock. */
async function run(server: EmbeddedServer, shift: number): Promise<Run> {
  const snapshot = await takeSnapshot(server.url())
  snapshot.collectedAt += shift
  return {snapshot, report: await analyze(snapshot, DEFAULTS, context, rules as never)}
}

export const pageOf = ({before, after}: {before: Run; after: Run}): Promise<string> =>
  html(after.report, {
    snapshot: after.snapshot,
    diff: diffRuns(before, after),
    trend: [trendPoint(before)],
    context,
  })
