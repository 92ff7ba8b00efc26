import {beforeAll, describe, expect, it} from 'vitest'
import {explainLines, hasPlan, isWrite, shorten, waitsByDesign} from '../../src/derive/statement-text.js'
import sessionTable from '../../src/rules/queries/session-table.js'
import slow from '../../src/rules/queries/slow.js'
import type {BlockedSession, Index, Statement, Table} from '../../src/snapshot.js'
import {loadParser} from '../../src/sql/parse.js'
import {index, statement, table} from './objects.js'
import {blocked, database, findingsOf, hidden, judge, NOW, ok, only, outcome, server} from './sections.js'

const SELECT = 'SELECT * FROM dashboard_project WHERE id = $1'

const info = (statements: Statement[], part: object = {}) => ({
  extensionVersion: '1.11',
  schema: 'public',
  entries: statements.length,
  maxEntries: 5000,
  evictions: 0,
  statsReset: NOW - 1000,
  totalCalls: statements.reduce((sum, {calls}) => sum + calls, 0),
  totalMs: statements.reduce((sum, {totalMs}) => sum + totalMs, 0),
  ...part,
})

const textsOf = (statements: Statement[], texts: Record<string, string>, truncated = false) =>
  statements.map(({queryid}) => ({queryid: queryid!, text: texts[queryid!] ?? SELECT, truncated}))

describe('queries/slow', () => {
  /** Next to one statement that makes 100 seconds of other work. */
  const sections = (statements: Statement[], texts: Record<string, string> = {}, versionNum = 180000) => {
    const all = [...statements, statement('99', {calls: 100_000, meanMs: 1})]
    const statementTexts = textsOf(all, texts)
    return {server: server({versionNum}), statements: all, statementTexts, statementsInfo: info(all)}
  }
  const one = (part: Partial<Statement>, text = SELECT) =>
    outcome(judge(slow, sections([statement('1', part)], {1: text})))

  it.each<[string, Partial<Statement>, string[]]>([
    ['20 ms', {meanMs: 20, calls: 100}, ['medium query 1']],
    ['below 20 ms', {meanMs: 19.9, calls: 1000}, []],
    ['99 calls', {meanMs: 500, calls: 99}, []],
    ['once, for an hour', {meanMs: 3_600_000, calls: 1}, []],
    ['30 % and 100 ms', {meanMs: 100, calls: 430}, ['high query 1']],
    ['29 % and 100 ms', {meanMs: 100, calls: 408}, ['medium query 1']],
    ['80 % and 99 ms', {meanMs: 99, calls: 5000}, ['medium query 1']],
    ['inside a function', {meanMs: 100, calls: 1000, toplevel: false}, []],
    ['in another database', {meanMs: 100, calls: 1000, database: 'other'}, []],
  ])('%s', (_, part, expected) => {
    expect(one(part)).toEqual(expected)
  })

  it.each([
    'VACUUM ANALYZE t',
    'COPY t FROM STDIN',
    'CREATE INDEX i ON t (a)',
    'REFRESH MATERIALIZED VIEW v',
    'LISTEN jobs',
    'CALL nightly($1)',
    'FETCH $1 IN c',
    'START_REPLICATION SLOT "s" LOGICAL 0/0',
    'SELECT pg_sleep($1)',
    'select pg_catalog.pg_sleep_for($1)',
    'SELECT pg_advisory_xact_lock($1)',
    'SELECT * FROM pg_logical_slot_get_changes($1, $2, $3)',
  ])('never: %s', text => {
    expect(one({meanMs: 500, calls: 1000}, text)).toEqual([])
  })

  it.each(['(SELECT 1) UNION SELECT 2', 'with c as (select 1) select * from c', 'UPDATE t SET a = $1', 'MERGE INTO t'])(
    'also: %s',
    text => {
      expect(one({meanMs: 500, calls: 1000}, text)).toEqual(['high query 1'])
    },
  )

  it('is below 1 % of all time no finding', () => {
    const part = {meanMs: 20, calls: 100}
    const all = sections([statement('1', part)])
    expect(outcome(judge(slow, {...all, statementsInfo: {...all.statementsInfo, totalMs: 200_001}}))).toEqual([])
    expect(outcome(judge(slow, {...all, statementsInfo: {...all.statementsInfo, totalMs: 200_000}}))).toHaveLength(1)
  })

  it('sums the roles, and reports five', () => {
    const users = [1, 2].map(userid => statement('1', {userid, meanMs: 30, calls: 60}))
    expect(outcome(judge(slow, sections(users)))).toEqual(['medium query 1'])
    const many = Array.from({length: 7}, (_, i) => statement(`${i + 1}`, {meanMs: 20 + i, calls: 500}))
    expect(findingsOf(judge(slow, sections(many))).map(({subject}) => subject)).toEqual(
      [7, 6, 5, 4, 3].map(id => `query ${id}`),
    )
  })

  it.each<[number, string, string[]]>([
    [180000, SELECT, [`EXPLAIN (GENERIC_PLAN) ${SELECT};`]],
    [150000, 'SELECT 1', ['EXPLAIN SELECT 1;']],
    [
      120000,
      `${SELECT} AND owner_id = $2;`,
      [
        `PREPARE slow AS ${SELECT} AND owner_id = $2;`,
        'SET plan_cache_mode = force_generic_plan;',
        'EXPLAIN EXECUTE slow(NULL, NULL);',
        'RESET plan_cache_mode;',
        'DEALLOCATE slow;',
      ],
    ],
  ])('version %i: how to see the plan', (versionNum, text, lines) => {
    const finding = only(judge(slow, sections([statement('1', {meanMs: 50})], {1: text}, versionNum)))
    expect(finding.fixes[0]).toMatchObject({kind: 'action', steps: [{lines}, expect.any(String), expect.any(String)]})
    expect(JSON.stringify(finding.fixes)).not.toContain('ANALYZE')
  })

  it('prints the query that fetches a long text, not the text', () => {
    const long = `SELECT ${'column_name, '.repeat(300)} 1`
    const finding = only(judge(slow, sections([statement('-7', {meanMs: 50})], {'-7': long})))
    expect(finding.detail.length).toBeLessThan(600)
    expect(finding.fixes[0]).toMatchObject({
      steps: [
        {lines: ['SELECT query FROM "public".pg_stat_statements WHERE queryid = -7 LIMIT 1;']},
        {lines: ['EXPLAIN (GENERIC_PLAN) <the statement>;']},
        {},
        {},
      ],
    })
  })
})

describe('the texts of statements', () => {
  it('are cut between tokens', () => {
    expect(shorten('SELECT  a,\n b FROM t', 100)).toBe('SELECT a, b FROM t')
    expect(shorten('SELECT alpha, beta FROM gamma', 20)).toBe('SELECT alpha, ...')
    expect(shorten('x'.repeat(30), 20)).toBe(`${'x'.repeat(16)} ...`)
  })
  it.each([
    ['INSERT INTO t VALUES ($1)', true],
    ['WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d', true],
    ['WITH d AS (SELECT updated_at FROM t) SELECT * FROM d', false],
    ['SELECT "update" FROM t', false],
  ])('%s: writes %s', (sql, writes) => {
    expect([hasPlan(sql), isWrite(sql), waitsByDesign(sql)]).toEqual([true, writes, false])
  })
  it('have a plan even when only a part is known', () => {
    expect(explainLines(null, 150000)[2]).toBe('EXPLAIN EXECUTE slow(NULL, ...);')
  })
})

describe('queries/session-table', () => {
  beforeAll(loadParser)

  const DJANGO = table('django_session', {oid: 7, rowsEstimate: 500})
  const key = (name: string, tableOid = 7) => index(`${name}_pkey`, [1], {tableOid, keyNames: [name], isUnique: true})
  const READ = 'SELECT * FROM "django_session" WHERE "session_key" = $1'
  const WRITE = 'UPDATE "django_session" SET "session_data" = $1 WHERE "session_key" = $2'
  const OTHER = 'INSERT INTO dashboard_project VALUES ($1)'

  type Case = {
    tables?: Table[]
    indexes?: Index[]
    blocking?: BlockedSession[]
    calls?: Record<string, number | [calls: number, meanMs: number]>
    visible?: boolean
    history?: number
    seconds?: number
  }
  /** Calls in the `seconds` since the statements were reset. */
  function sections({tables = [DJANGO], indexes = [key('session_key')], blocking = [], ...given}: Case) {
    const {calls = {}, visible = true, history = 1000, seconds = 1000} = given
    const texts = Object.keys(calls)
    const statements = texts.map((text, i) => {
      const [count, meanMs] = [calls[text]!].flat() as [number, number?]
      return statement(`${i}`, {calls: count, meanMs: meanMs ?? 1})
    })
    const read = {
      statements: ok(statements),
      statementTexts: ok(texts.map((text, i) => ({queryid: `${i}`, text, truncated: false}))),
      statementsInfo: ok(info(statements, {statsReset: NOW - seconds})),
    }
    const databases = [database('ahsp', {statsReset: NOW - history})]
    return {databases, tables, indexes, blocking, ...(visible ? read : {})}
  }
  const check = (given: Case) => outcome(judge(sessionTable, sections(given)))
  const HIGH = ['high "public"."django_session"']
  const waiting = (part: Partial<BlockedSession> = {}) =>
    blocked(1, [2], {relation: '"public"."django_session"', ...part})

  it.each<[string, Case, string[]]>([
    ['not used at all', {}, []],
    ['20 % of the writes', {calls: {[WRITE]: 1000, [OTHER]: 4000}}, HIGH],
    ['30 writes in 20 seconds', {calls: {[WRITE]: 30}, seconds: 20}, HIGH],
    ['29 writes in 20 seconds', {calls: {[WRITE]: 29}, seconds: 20}, []],
    ['10 % of the writes', {calls: {[WRITE]: 1000, [OTHER]: 9000}}, ['medium "public"."django_session"']],
    ['9.9 % of the writes', {calls: {[WRITE]: 1000, [OTHER]: 9100}}, []],
    ['all of the writes, but less than one per second', {calls: {[WRITE]: 999}}, []],
    ['10 % of the time', {calls: {[READ]: [1000, 10], [SELECT]: [90_000, 1]}}, ['medium "public"."django_session"']],
    ['10 % of the calls', {calls: {[READ]: [1000, 0.1], [SELECT]: 9000}}, ['low "public"."django_session"']],
    ['9 % of the calls', {calls: {[READ]: [1000, 0.1], [SELECT]: 10_000}}, []],
    ['one bulk load', {calls: {'INSERT INTO django_session SELECT * FROM old': [1, 60_000]}}, []],
    ['a column of that name', {calls: {'UPDATE a SET django_session = $1': 5000}}, []],
    ["another schema's", {calls: {'UPDATE old.django_session SET a = $1': 5000}}, []],
    ['two sessions wait', {blocking: [waiting({waitedFor: null}), waiting({waitedFor: 0.01})]}, HIGH],
    ['one waits for a second', {blocking: [waiting({waitedFor: 1})]}, HIGH],
    ['one waits for a moment', {blocking: [waiting({waitedFor: 0.9})]}, []],
    ['others wait for another table', {blocking: [blocked(1, [2]), blocked(3, [2])]}, []],
  ])('%s', (_, given, expected) => {
    expect(check(given)).toEqual(expected)
  })

  it.each<[string, string, number]>([
    ['sessions', 'session_id', 1],
    ['session', 'sid', 1],
    ['user_sessions', 'sid', 1],
    ['sessions', 'id', 0],
    ['training_sessions', 'session_id', 0],
  ])('%s with the key %s', (name, column, findings) => {
    const tables = [table(name, {oid: 7})]
    expect(check({tables, indexes: [key(column)], calls: {[`UPDATE ${name} SET a = $1`]: 5000}})).toHaveLength(findings)
  })

  it('judges hidden statements by the counters, when they are old enough', () => {
    const tables = [{...DJANGO, updates: 4000}, table('other', {oid: 8, inserts: 6000})]
    expect(check({tables, visible: false, history: 3600})).toEqual(HIGH)
    expect(judge(sessionTable, sections({tables, visible: false, history: 3599}))).toEqual({
      cannotJudge: expect.stringContaining('59 min'),
      cure: hidden.ok ? undefined : hidden.grant,
    })
    expect(check({tables: [], visible: false, history: 60})).toEqual([])
    expect(check({visible: false, history: 60, blocking: [waiting(), waiting()]})).toEqual(HIGH)
  })

  it('advises to remove expired sessions when nobody does', () => {
    const fixes = (part: Partial<Table>) =>
      only(judge(sessionTable, sections({tables: [{...DJANGO, ...part}], calls: {[WRITE]: 2000}}))).fixes.map(
        ({title}) => title,
      )
    expect(fixes({rowsEstimate: 30_000})).toEqual([
      'Keep sessions in a cache instead of the database',
      'Remove expired sessions every night',
    ])
    expect(fixes({rowsEstimate: 30_000, deletes: 1})).toHaveLength(1)
    expect(fixes({rowsEstimate: 9_999})).toHaveLength(1)
  })

  it('asks for the parser only when a statement may name the table', () => {
    const parses = (given: Case) => {
      const {tables, indexes, statementTexts = hidden} = sections(given)
      return sessionTable.parses!({tables, indexes, statementTexts} as never)
    }
    expect(parses({calls: {[SELECT]: 1}})).toBe(false)
    expect(parses({calls: {[READ]: 1}})).toBe(true)
    expect(parses({calls: {[READ]: 1}, tables: []})).toBe(false)
    expect(parses({calls: {[READ]: 1}, visible: false})).toBe(false)
  })
})
