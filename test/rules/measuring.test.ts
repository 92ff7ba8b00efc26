import {describe, expect, it} from 'vitest'
import lockWaitLogging from '../../src/rules/observability/lock-wait-logging.js'
import queryStatsCapacity from '../../src/rules/observability/query-stats-capacity.js'
import readyToMeasure from '../../src/rules/observability/ready-to-measure.js'
import slowQueryLogging from '../../src/rules/observability/slow-query-logging.js'
import type {Setting, StatementFamily, StatementsInfo} from '../../src/snapshot.js'
import {hidden, judge, NOW, ok, only, outcome, server, setting} from './sections.js'

const HOUR = 3600
const info = (part: Partial<StatementsInfo> = {}): StatementsInfo => ({
  extensionVersion: '1.12',
  schema: 'public',
  entries: 4900,
  maxEntries: 5000,
  evictions: 0,
  statsReset: NOW - 48 * HOUR,
  totalCalls: 1,
  totalMs: 1,
  ...part,
})
const ms = (name: string, value: number) => setting(name, value, {unit: 'ms'})

describe('observability/query-stats-capacity', () => {
  const MAX = ['medium pg_stat_statements.max']
  // 20 evictions of 5 % each replace all entries once
  it.each<[string, Partial<StatementsInfo>, string[]]>([
    ['replaced in 48 h', {evictions: 20}, MAX],
    ['replaced more slowly', {evictions: 20, statsReset: NOW - 49 * HOUR}, []],
    ['not yet replaced once', {evictions: 19, statsReset: NOW - HOUR}, []],
    ['full, but nothing was evicted', {entries: 5000}, []],
    ['before 14: full', {entries: 4750, evictions: null, statsReset: null}, MAX],
    ['before 14: not full', {entries: 4700, evictions: null, statsReset: null}, []],
  ])('%s', (_, part, expected) => {
    expect(outcome(judge(queryStatsCapacity, {statementsInfo: info(part)}))).toEqual(expected)
  })

  const flooded = (first: Partial<StatementFamily>) => {
    const family = {text: 'SAVEPOINT ?', entries: 4735, isUtility: true, isList: false, ...first}
    const statementFamilies = ok({entries: 4800, families: [family]})
    return only(judge(queryStatsCapacity, {statementsInfo: info({evictions: 400}), statementFamilies}))
  }
  it('names the family that floods it, and keeps utility statements out', () => {
    const {detail, fixes} = flooded({})
    expect(detail).toContain('98.6 % of the entries are one statement in many spellings: SAVEPOINT ?')
    expect(fixes).toMatchObject([
      {name: 'pg_stat_statements.track_utility', to: 'off'},
      {name: 'pg_stat_statements.max', to: '10000'},
    ])
  })
  it.each<[string, Partial<StatementFamily>, string[]]>([
    ['lists', {text: 'SELECT a WHERE b IN (?, ...', isUtility: false, isList: true}, ['setting', 'app']],
    ['another query', {text: 'SELECT a FROM ?', isUtility: false}, ['setting']],
    ['no flood', {entries: 900}, ['setting']],
  ])('%s', (_, family, kinds) => expect(flooded(family).fixes.map(({kind}) => kind)).toEqual(kinds))
})

describe('observability/slow-query-logging', () => {
  const LOW = ['low log_min_duration_statement']
  const check = (value: number, ...more: Setting[]) =>
    outcome(judge(slowQueryLogging, {settings: [ms('log_min_duration_statement', value), ...more]}))
  it.each<[string, number, Setting[], string[]]>([
    ['off', -1, [], LOW],
    ['everything', 0, [], []],
    ['one minute', 60_000, [], []],
    ['disasters only', 60_001, [], LOW],
    ['a sample', -1, [ms('log_min_duration_sample', 100)], []],
    ['no sample', -1, [ms('log_min_duration_sample', -1)], LOW],
    ['auto_explain', -1, [ms('auto_explain.log_min_duration', 1000)], []],
  ])('%s', (_, value, more, expected) => expect(check(value, ...more)).toEqual(expected))
})

describe('observability/lock-wait-logging', () => {
  const check = (value: string, delay: number, limit = 0) =>
    judge(lockWaitLogging, {
      settings: [setting('log_lock_waits', value), ms('deadlock_timeout', delay), ms('lock_timeout', limit)],
    })
  it.each<[string, string, number, number, string[]]>([
    ['on', 'on', 1000, 0, []],
    ['off', 'off', 1000, 0, ['low log_lock_waits']],
    ['too late', 'on', 10_001, 0, ['low deadlock_timeout']],
    ['the wait ends first', 'on', 1000, 1000, ['low deadlock_timeout']],
    ['the wait ends later', 'on', 1000, 1001, []],
  ])('%s', (_, value, delay, limit, expected) => expect(outcome(check(value, delay, limit))).toEqual(expected))
  it('advises a delay below lock_timeout', () => {
    expect(only(check('on', 1000, 500)).fixes).toMatchObject([{name: 'deadlock_timeout', to: '250ms'}])
  })
})

describe('observability/ready-to-measure', () => {
  const ready = [
    setting('pg_stat_statements.max', 5000),
    setting('track_io_timing', 'on'),
    setting('log_lock_waits', 'on'),
    ms('log_min_duration_statement', 1000),
  ]
  const created = server({statementsExtension: {schema: 'public', version: '1.12'}})
  const base = {server: created, settings: ready, statementsInfo: ok(info({statsReset: NOW - HOUR}))}
  const check = (part: Record<string, unknown>, users: number | undefined = 100) =>
    judge(readyToMeasure, {...base, ...part}, {context: {users}})
  const without = (name: string, value: string) => ready.map(s => (s.name === name ? setting(name, value) : s))

  it.each<[string, Record<string, unknown>, string[]]>([
    ['ready', {}, []],
    ['statements are hidden', {statementsInfo: hidden}, []],
    ['not preloaded', {settings: ready.slice(1), server: server()}, ['setting', 'sql']],
    ['not timed', {settings: without('track_io_timing', 'off')}, ['setting']],
    ['nothing logged', {settings: without('log_min_duration_statement', '-1')}, ['setting']],
    ['counted for days', {statementsInfo: ok(info())}, ['sql']],
    ['never reset (13)', {statementsInfo: ok(info({statsReset: null}))}, []],
  ])('%s', (_, part, kinds) => {
    const verdict = check(part)
    expect(outcome(verdict)).toEqual(kinds.length > 0 ? ['info load test'] : [])
    if (kinds.length > 0) expect(only(verdict).fixes.map(({kind}) => kind)).toEqual(kinds)
  })
  it('is silent when no load is planned', () => {
    expect(outcome(judge(readyToMeasure, {...base, settings: []}))).toEqual([])
  })
})
