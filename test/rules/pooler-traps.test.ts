import {describe, expect, it} from 'vitest'
import {cursorsOf, isSqlPrepare, sessionParameter} from '../../src/derive/session-features.js'
import preparedStatements from '../../src/rules/pooler/prepared-statements.js'
import serverSideCursors from '../../src/rules/pooler/server-side-cursors.js'
import sessionState from '../../src/rules/pooler/session-state.js'
import sqlPrepare from '../../src/rules/pooler/sql-prepare.js'
import type {Pooler, Statement} from '../../src/snapshot.js'
import {statement} from './objects.js'
import {clients, config, entry, pool, pooler, sample, stats} from './poolers.js'
import {activity, judge, ok, only, outcome, session} from './sections.js'

type Said = [text: string, calls: number, part?: Partial<Statement>]

/** What role "app" has run in database "ahsp", unless a part says otherwise. */
const told = (said: Said[]) => ({
  statements: said.map(([, calls, part], i) => statement(String(i), {calls, user: 'app', database: 'ahsp', ...part})),
  statementTexts: said.map(([text], i) => ({queryid: String(i), text, truncated: false})),
})

const APP = 'role "app" in database "ahsp"'
const byTransaction = pooler()
const statementsInfo = ok({entries: 100})

describe('who is judged: roles whose pools all work by transaction', () => {
  const said = told([['PREPARE p AS SELECT $1', 500]])
  const check = (part: Partial<Pooler>, own = said) => outcome(judge(sqlPrepare, {poolers: [pooler(part)], ...own}))
  const withPools = (...pools: ReturnType<typeof pool>[]) => [sample({pools})]

  it.each<[string, Partial<Pooler>, string[]]>([
    ['by transaction', {}, [`medium ${APP}`]],
    ['by session', {config: config({pool_mode: 'session'})}, []],
    ['the entry by session', {databases: [entry({poolMode: 'session'})]}, []],
    ['the user by session', {users: [{name: 'app', poolMode: 'session', poolSize: null, maxConnections: null}]}, []],
    ['nobody by that name has a pool', {samples: withPools(pool({user: 'other'}))}, []],
    ['an alias', {databases: [entry({name: 'shop'})], samples: withPools(pool({database: 'shop'}))}, [`medium ${APP}`]],
    [
      'a pool by session beside it: which way it came is not told',
      {
        databases: [entry(), entry({name: 'ahsp_session', poolMode: 'session'})],
        samples: withPools(pool(), pool({database: 'ahsp_session'})),
      },
      [],
    ],
    [
      'a forced user',
      {databases: [entry({forceUser: 'app'})], samples: withPools(pool({user: 'app'}))},
      [`medium ${APP}`],
    ],
  ])('%s', (_, part, expected) => {
    expect(check(part)).toEqual(expected)
  })

  it('not what runs within functions, in other databases or as other roles', () => {
    for (const part of [{toplevel: false}, {database: 'wiki'}, {user: 'boss'}]) {
      expect(check({}, told([['PREPARE p AS SELECT $1', 500, part]]))).toEqual([])
    }
  })
})

describe('pooler/session-state', () => {
  const check = (said: Said[], more = {}) => judge(sessionState, {poolers: [byTransaction], ...told(said), ...more})

  it.each<[string, Said[], string[]]>([
    [
      'different search paths',
      [
        ['SET search_path = $1', 15],
        ['SET search_path = $1', 15],
      ],
      [`high ${APP}`],
    ],
    ['one search path', [['SET search_path TO $1', 30]], [`medium ${APP}`]],
    [
      'a parameter of the application',
      [
        ['SET app.tenant = $1', 15],
        ['SET app.tenant = $1', 15],
      ],
      [`high ${APP}`],
    ],
    [
      "different timeouts are nobody's data",
      [
        ['SET statement_timeout = $1', 15],
        ['SET statement_timeout = $1', 15],
      ],
      [`medium ${APP}`],
    ],
    ['a person', [['SET search_path = $1', 19]], []],
    ['LOCAL', [['SET LOCAL search_path = $1', 500]], []],
    [
      'of the transaction',
      [
        ['SET TRANSACTION READ ONLY', 500],
        ['SET CONSTRAINTS ALL DEFERRED', 500],
      ],
      [],
    ],
    [
      'told by the server',
      [
        ['SET TIME ZONE $1', 500],
        ["SET client_encoding = 'utf8'", 500],
        ['SET NAMES $1', 500],
        ['SET application_name = $1', 500],
      ],
      [],
    ],
    [
      'what drivers set everywhere',
      [
        ['SET extra_float_digits = $1', 500],
        ['SET client_min_messages TO $1', 500],
      ],
      [],
    ],
    ['not told: constants are hidden', [['SELECT set_config($1, $2, $3)', 500]], []],
    ['LISTEN', [['LISTEN jobs', 25]], [`medium ${APP}`]],
    ['locks', [['SELECT pg_try_advisory_lock($1)', 25]], [`medium ${APP}`]],
    [
      'locks of the transaction',
      [
        ['SELECT pg_advisory_xact_lock($1)', 500],
        ['SELECT pg_advisory_unlock($1)', 500],
      ],
      [],
    ],
    [
      'temporary tables, each of its name',
      Array.from({length: 20}, (_, i) => [`CREATE TEMP TABLE t${i} (a int)`, 1]),
      [`medium ${APP}`],
    ],
    ['temporary until the commit', [['CREATE TEMPORARY TABLE t ON COMMIT DROP AS SELECT $1', 500]], []],
    ['SELECT INTO TEMP', [['SELECT $1 AS a INTO TEMP TABLE t', 50]], [`medium ${APP}`]],
    ['an ordinary table', [['CREATE TABLE temp_table (a int)', 50]], []],
  ])('%s', (_, said, expected) => {
    expect(outcome(check(said))).toEqual(expected)
  })

  it('a listener with its own way past the pooler is right', () => {
    const listener = activity([session(7, {query: 'LISTEN jobs'})])
    expect(outcome(check([['LISTEN jobs', 500]], {activity: ok(listener)}))).toEqual([])
  })

  it('track_extra_parameters follows more', () => {
    const tracking = pooler({config: config({track_extra_parameters: 'IntervalStyle, search_path'})})
    expect(outcome(check([['SET search_path = $1', 500]], {poolers: [tracking]}))).toEqual([])
  })

  it('says what, how often, and the way within a transaction', () => {
    const {title, evidence, fixes} = only(
      check([
        ['SET SESSION ROLE $1', 30],
        ['SELECT pg_advisory_lock($1)', 40],
      ]),
    )
    expect(title).toBe('Role "app" leaves its state in shared sessions: pg_advisory_lock, SET role')
    expect(evidence[0]).toMatchObject({label: 'calls of pg_advisory_lock', value: 40})
    const lines = fixes.flatMap(fix => (fix.kind === 'app' ? (fix.by.django?.lines ?? []) : []))
    expect(lines.join('\n')).toContain("cursor.execute('SET LOCAL role = %s', [value])")
    expect(lines.join('\n')).toContain('pg_advisory_xact_lock')
    expect(fixes.at(-1)).toMatchObject({kind: 'action', title: 'Or give what needs its session a pool by session'})
  })

  it.each([
    ['SET search_path = a', 'search_path'],
    ['set session authorization bob', 'session authorization'],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 'default_transaction_isolation'],
    ['SET SCHEMA $1', 'search_path'],
    ['SET "App.Tenant" TO $1', 'app.tenant'],
    ['SET "x\'; DROP" TO $1', null],
    ['SET LOCAL role = $1', null],
    ['UPDATE t SET a = $1', null],
    ['RESET ALL', null],
  ])('%s', (sql, parameter) => {
    expect(sessionParameter(sql)).toBe(parameter)
  })
})

describe('pooler/server-side-cursors', () => {
  const check = (said: Said[], more = {}) =>
    judge(serverSideCursors, {poolers: [byTransaction], statementsInfo, ...told(said), ...more})
  const declared = (count: number, hold = true, name = '_django_curs_1_sync_'): Said[] =>
    Array.from({length: count}, (_, i) => [
      `DECLARE "${name}${i}" NO SCROLL CURSOR ${hold ? 'WITH HOLD ' : ''}FOR SELECT $1`,
      1,
    ])
  const read = (count: number): Said[] =>
    Array.from({length: count}, (_, i) => [`FETCH FORWARD $1 FROM "_django_curs_1_sync_${i}"`, 1])

  it.each<[string, Said[], string[]]>([
    ['never read from', declared(10), [`high ${APP}`]],
    ['all of them read: luck', [...declared(10), ...read(10)], [`medium ${APP}`]],
    ['most of them read', [...declared(10), ...read(9)], [`medium ${APP}`]],
    ['somebody trying', declared(4), []],
    ["within transactions, Django's", declared(10, false), [`low ${APP}`]],
    ["within transactions, others'", declared(10, false, 'rows_'), []],
    ["outliving them, others'", declared(10, true, 'rows_'), [`high ${APP}`]],
  ])('%s', (_, said, expected) => {
    expect(outcome(check(said))).toEqual(expected)
  })

  it('more statements than are read: a FETCH may be among the others', () => {
    expect(outcome(check(declared(10), {statementsInfo: ok({entries: 3000})}))).toEqual([`medium ${APP}`])
  })

  it("Django's line, or the transaction for others", () => {
    const [django] = only(check(declared(10))).fixes
    expect(django?.kind === 'app' && django.by.django?.lines).toEqual(["'DISABLE_SERVER_SIDE_CURSORS': True,"])
    expect(only(check(declared(10, true, 'rows_'))).fixes[0]?.title).toBe('Keep each cursor within one transaction')
  })

  it('reads names with and without quotes', () => {
    const [role] = [
      {statements: told([...declared(1), ['DECLARE Rows SCROLL CURSOR WITH HOLD FOR SELECT 1', 2], ['FETCH rows', 2]])},
    ]
    const statements = role!.statements.statements.map((each, i) => ({
      ...each,
      text: role!.statements.statementTexts[i]!.text,
    }))
    expect(cursorsOf({statements} as never)).toEqual({
      held: {calls: 3, names: ['_django_curs_1_sync_0', 'rows']},
      unread: 1,
      djangoInTransaction: 0,
    })
  })
})

describe('pooler/sql-prepare', () => {
  const check = (said: Said[]) => outcome(judge(sqlPrepare, {poolers: [byTransaction], ...told(said)}))
  it.each<[string, Said[], string[]]>([
    ['often', [['PREPARE p(int) AS SELECT $1', 20]], [`medium ${APP}`]],
    ['a person', [['PREPARE p(int) AS SELECT $1', 19]], []],
    ['two-phase commit', [["PREPARE TRANSACTION 'x'", 500]], []],
    ["a driver's own", [['DEALLOCATE $1', 500]], []],
  ])('%s', (_, said, expected) => {
    expect(check(said)).toEqual(expected)
  })
  it('is told from PREPARE TRANSACTION', () => {
    expect(isSqlPrepare('  prepare q as select 1')).toBe(true)
    expect(isSqlPrepare('PREPARE TRANSACTION $1')).toBe(false)
  })
})

describe('pooler/prepared-statements', () => {
  const check = (said: Said[] | null, part: Partial<Pooler> = {}, tables: string[] = []) =>
    judge(preparedStatements, {
      poolers: [pooler(part)],
      ...(said && {statements: ok(told(said).statements), statementTexts: ok(told(said).statementTexts)}),
      application: ok({markers: tables.map(table => ({schema: 'public', table})), djangoModels: []}),
    })
  const keeping = {versionNum: 12100, config: config({max_prepared_statements: 200})}
  const off = {versionNum: 12400, config: config({max_prepared_statements: 0})}
  const reused: Said[] = [['SELECT a FROM t WHERE id = $1', 1000, {plans: 12}]]
  const planned: Said[] = [['SELECT a FROM t WHERE id = $1', 1000, {plans: 1000}]]
  const unknown: Said[] = [['SELECT a FROM t WHERE id = $1', 1000, {plans: 0}]]

  it.each<[string, Said[], Partial<Pooler>, string[], string[]]>([
    ['plans are reused', reused, {}, [], [`medium ${APP}`]],
    ['and kept apart', reused, keeping, [], []],
    ['by a new version that was told not to', reused, off, [], [`medium ${APP}`]],
    ['by session', reused, {config: config({pool_mode: 'session'})}, [], []],
    ['called a few times', [['SELECT a', 99, {plans: 5}]], {}, [], []],
    ['each call is planned', planned, {}, [], []],
    ['a driver frees them', [...unknown, ['DEALLOCATE $1', 100]], {}, [], [`medium ${APP}`]],
    [
      'SQL frees them',
      [
        ['PREPARE p AS SELECT 1', 100],
        ['DEALLOCATE $1', 100],
      ],
      {},
      [],
      [],
    ],
    ['Rails, assumed', unknown, {}, ['ar_internal_metadata'], [`low ${APP}`]],
    ['Prisma, refuted', planned, {}, ['_prisma_migrations'], []],
    ['Django', unknown, {}, ['django_migrations'], []],
  ])('%s', (_, said, part, tables, expected) => {
    expect(outcome(check(said, part, tables))).toEqual(expected)
  })

  it('an assumption says so', () => {
    expect(only(check(unknown, {}, ['ar_internal_metadata'])).confidence).toBe('assumed')
  })

  it('a new version is told to keep them; an old one is updated, after the driver', () => {
    expect(only(check(reused, off)).fixes[0]).toMatchObject({
      kind: 'pooler',
      name: 'max_prepared_statements',
      to: '200',
    })
    expect(only(check(reused)).fixes.map(({kind}) => kind)).toEqual(['app', 'action'])
  })

  it('from the console alone: what it counted, or that it is not told', () => {
    const counted = {...off, samples: [sample({pools: [pool()], stats: [stats({clientParses: 70, binds: 900})]})]}
    expect(only(check(null, counted))).toMatchObject({subject: '10.0.0.5:6432', confidence: 'measured'})
    expect(outcome(check(null, {...off, clients: [clients(3, {preparedStatements: 12})]}))).toEqual([
      'medium 10.0.0.5:6432',
    ])
    expect(outcome(check(null, off))).toEqual(['cannot judge'])
    expect(outcome(check(null, keeping))).toEqual([])
  })
})
