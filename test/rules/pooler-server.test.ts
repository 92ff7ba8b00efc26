import pg from 'pg'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {hasPgbouncer, type Pgbouncer, startPgbouncer} from '../../fixtures/pgbouncer.js'
import {type EmbeddedServer, startServer} from '../../src/embedded/server.js'
import idleTransaction from '../../src/rules/pooler/idle-transaction-timeout.js'
import queryTimeout from '../../src/rules/pooler/query-timeout.js'
import resetQuery from '../../src/rules/pooler/server-reset-query.js'
import startup from '../../src/rules/pooler/startup-parameters.js'
import type {Pooler, RoleSetting} from '../../src/snapshot.js'
import {config, entry, pool, pooler, sample, samplesAt} from './poolers.js'
import {activity, judge, ok, only, outcome, role, roleSetting, server, session, setting} from './sections.js'

const AT = '10.0.0.5:6432'
type Values = Record<string, string | number>
type Case = {
  values: Values
  part?: Partial<Pooler>
  /** of the server, in milliseconds */
  timeouts?: Values
  own?: RoleSetting[]
  alone?: boolean
}

function check(rule: unknown, {values, part = {}, timeouts = {}, own = [], alone = false}: Case) {
  const poolers = [pooler({...part, config: config(values)})]
  if (alone) return judge(rule, {poolers, server: {ok: false, reason: 'unsupported', message: 'no server'}})
  return judge(rule, {
    poolers,
    server: ok(server()),
    settings: ok(Object.entries({statement_timeout: 0, lock_timeout: 0, ...timeouts}).map(([k, v]) => setting(k, v))),
    roles: ok([role('app'), role('jobs')]),
    roleSettings: ok(own),
    activity: ok(activity([session(1)])),
  })
}

const pools = (...parts: Parameters<typeof pool>[0][]) => ({samples: [sample({pools: parts.map(part => pool(part))})]})

describe('pooler/startup-parameters', () => {
  const IGNORED = [`medium ignore_startup_parameters at ${AT}`]
  const ASSUMED = [`low ignore_startup_parameters at ${AT}`]
  const ignore = (text: string) => ({ignore_startup_parameters: text})
  it.each<[string, Case, string[]]>([
    ['nothing is ignored', {values: ignore('')}, []],
    ['what does no harm', {values: ignore('extra_float_digits, search_path')}, []],
    ['options', {values: ignore('extra_float_digits,options')}, IGNORED],
    ['the timeout itself', {values: ignore('Statement_Timeout')}, IGNORED],
    ['another one', {values: ignore('lock_timeout'), timeouts: {statement_timeout: 1000}}, IGNORED],
    ['one that this server does not have', {values: ignore('transaction_timeout')}, []],
    ['the server has one for all', {values: ignore('options'), timeouts: {statement_timeout: 30_000}}, []],
    ['the role has one', {values: ignore('options'), own: [roleSetting('app', null, 'statement_timeout', '60s')]}, []],
    [
      'another role has one',
      {values: ignore('options'), own: [roleSetting('x', null, 'statement_timeout', '1s')]},
      IGNORED,
    ],
    ['the server was not read', {values: ignore('options'), alone: true}, ASSUMED],
    ['nothing ignored, no server', {values: ignore(''), alone: true}, []],
    ['not shown', {values: {}}, ['cannot judge']],
    [
      'a tracked timeout does nothing (1.20)',
      {values: {...ignore(''), track_extra_parameters: 'IntervalStyle, statement_timeout'}},
      [`low track_extra_parameters at ${AT}`],
    ],
    ['what can be tracked', {values: {...ignore(''), track_extra_parameters: 'IntervalStyle'}}, []],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(startup, given))).toEqual(expected)
  })

  it('sets it for each role of the pools that has none, once', () => {
    const part = {
      databases: [entry(), entry({name: 'jobs', database: 'ahsp'})],
      ...pools({}, {user: 'jobs'}, {database: 'jobs', user: 'jobs'}),
    }
    const own = [roleSetting('app', null, 'statement_timeout', '30s')]
    const {fixes} = only(check(startup, {values: ignore('options'), part, own}))
    expect(fixes).toMatchObject([
      {kind: 'setting', name: 'statement_timeout', to: '60s', role: 'jobs'},
      {kind: 'action', steps: [{lines: [expect.stringMatching(/pgbouncer -c RECONNECT$/)]}]},
    ])
  })

  it("knows a role's timeout in the pool's own database", () => {
    const part = {databases: [entry({database: 'shop'})]}
    const own = (database: string) => [roleSetting('app', database, 'statement_timeout', '30s')]
    const outcomeOf = (database: string) =>
      outcome(check(startup, {values: ignore('options'), part, own: own(database)}))
    expect(outcomeOf('shop')).toEqual([])
    expect(outcomeOf('ahsp')).toEqual(IGNORED)
  })

  it('keeps what can be tracked', () => {
    const values = {...ignore(''), track_extra_parameters: 'IntervalStyle, lock_timeout, search_path'}
    expect(only(check(startup, {values})).fixes).toMatchObject([{to: 'IntervalStyle, search_path'}])
  })
})

describe('pooler/idle-transaction-timeout', () => {
  const NAME = 'idle_in_transaction_session_timeout'
  const none = {idle_transaction_timeout: 0}
  it.each<[string, Case, string[]]>([
    ['neither', {values: none, timeouts: {[NAME]: 0}}, [`medium ${AT}`]],
    ['PgBouncer does', {values: {idle_transaction_timeout: 60}, timeouts: {[NAME]: 0}}, []],
    ['PgBouncer ends any transaction (1.25)', {values: {...none, transaction_timeout: 60}, alone: true}, []],
    ['the server does', {values: none, timeouts: {[NAME]: 60_000}}, []],
    ['the role does', {values: none, timeouts: {[NAME]: 0}, own: [roleSetting('app', null, NAME, '2min')]}, []],
    ['the server ends any transaction (17)', {values: none, timeouts: {[NAME]: 0, transaction_timeout: 300_000}}, []],
    ['the server was not read', {values: none, alone: true}, ['cannot judge']],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(idleTransaction, given))).toEqual(expected)
  })

  it('names the role of a pool that has none, beside one that has', () => {
    const given = {values: none, part: pools({}, {user: 'jobs'}), timeouts: {[NAME]: 0}}
    const {fixes} = only(check(idleTransaction, {...given, own: [roleSetting('app', null, NAME, '2min')]}))
    expect(fixes).toMatchObject([
      {role: 'jobs', to: '60s'},
      {kind: 'pooler', to: '60'},
    ])
  })
})

describe('pooler/query-timeout', () => {
  const limit = (seconds: number) => ({query_timeout: seconds})
  it.each<[string, Case, string[]]>([
    ['off', {values: limit(0), alone: true}, []],
    ['on, the server was not read', {values: limit(60), alone: true}, ['cannot judge']],
    ['later than the server', {values: limit(60), timeouts: {statement_timeout: 50_000}}, []],
    ['with the server', {values: limit(60), timeouts: {statement_timeout: 60_000}}, [`medium ${AT}`]],
    ['before the server', {values: limit(60), timeouts: {statement_timeout: 90_000}}, [`medium ${AT}`]],
    ['the server never does', {values: limit(60)}, [`medium ${AT}`]],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(queryTimeout, given))).toEqual(expected)
  })

  it('turns them round: later here, or earlier there where there is none', () => {
    const later = only(check(queryTimeout, {values: limit(20), timeouts: {statement_timeout: 30_000}}))
    expect(later.fixes).toMatchObject([{kind: 'pooler', name: 'query_timeout', to: '36'}])
    const earlier = only(check(queryTimeout, {values: limit(60)}))
    expect(earlier.fixes).toMatchObject([{kind: 'setting', name: 'statement_timeout', to: '50s', role: 'app'}])
  })
})

describe('pooler/server-reset-query', () => {
  const session = {samples: samplesAt(1, [pool({poolMode: 'session'})])}
  const EMPTY = {server_reset_query: '', server_reset_query_always: 0}
  const LEAK = [`high server_reset_query at ${AT}`]
  const COST = [`low server_reset_query_always at ${AT}`]
  const ALWAYS = {server_reset_query: 'DISCARD ALL', server_reset_query_always: 1}
  it.each<[string, Values, Partial<Pooler>, string[]]>([
    ['transaction mode needs none', EMPTY, {}, []],
    ['session mode without one', EMPTY, session, LEAK],
    ['session mode with one', {...EMPTY, server_reset_query: 'DISCARD ALL'}, session, []],
    ['a database in session mode, not used yet', EMPTY, {databases: [entry({poolMode: 'session'})], samples: []}, LEAK],
    ['session mode by default, nothing used yet', {...EMPTY, pool_mode: 'session'}, {samples: []}, LEAK],
    ['always, in transaction mode', ALWAYS, {}, COST],
    ['always, in session mode', ALWAYS, session, []],
    ['always, but nothing to run', {...ALWAYS, server_reset_query: ''}, {}, []],
    ['always, in both', ALWAYS, pools({}, {user: 'jobs', poolMode: 'session'}), COST],
  ])('%s', (_, values, part, expected) => {
    expect(outcome(check(resetQuery, {values, part}))).toEqual(expected)
  })
})

describe.skipIf(!hasPgbouncer)('a client that sends its timeout at the start', () => {
  let running: EmbeddedServer
  let real: Pgbouncer | undefined
  beforeAll(async () => {
    running = await startServer({settings: {}})
  })
  afterAll(async () => running.stop())

  const timeoutThrough = async (settings: Record<string, string>, send: pg.ClientConfig) => {
    real = await startPgbouncer({server: running, settings})
    const client = new pg.Client({connectionString: real.url('postgres', 'postgres'), ...send})
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query('SHOW statement_timeout')).rows[0].statement_timeout
    } catch (error) {
      return (error as Error).message
    } finally {
      await client.end().catch(() => {})
      await real.stop()
    }
  }

  it.each<[string, string, pg.ClientConfig, string]>([
    [
      'in options, not ignored: refused',
      '',
      {options: '-c statement_timeout=5s'},
      'unsupported startup parameter: options',
    ],
    ['in options, ignored: dropped', 'options', {options: '-c statement_timeout=5s'}, '0'],
    [
      'by itself, not ignored: refused',
      '',
      {statement_timeout: 5000},
      'unsupported startup parameter: statement_timeout',
    ],
    ['by itself, ignored: dropped', 'statement_timeout', {statement_timeout: 5000}, '0'],
  ])('%s', async (_, ignored, send, expected) => {
    expect(await timeoutThrough({ignore_startup_parameters: ignored}, send)).toBe(expected)
  })
})
