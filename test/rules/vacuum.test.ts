import {describe, expect, it} from 'vitest'
import {limits} from '../../src/derive/wraparound.js'
import backlog from '../../src/rules/vacuum/backlog.js'
import deadRows from '../../src/rules/vacuum/dead-rows.js'
import disabled from '../../src/rules/vacuum/disabled.js'
import horizonHolders from '../../src/rules/vacuum/horizon-holders.js'
import staleStatistics from '../../src/rules/vacuum/stale-statistics.js'
import workers from '../../src/rules/vacuum/workers.js'
import wraparound from '../../src/rules/vacuum/wraparound.js'
import type {PreparedTransaction, ReplicationSlot, Vacuum, VacuumRelation} from '../../src/snapshot.js'
import {slot} from './objects.js'
import {activity, database, findingsOf, hidden, judge, NOW, ok, outcome, server, session, setting} from './sections.js'

const HOUR = 3600
const DAY = 24 * HOUR

const relation = (name: string, part: Partial<VacuumRelation> = {}): VacuumRelation => ({
  oid: 1,
  schema: 'public',
  name,
  kind: 'table',
  isTemporary: false,
  bytes: 0,
  rowsEstimate: 100_000,
  liveRows: 100_000,
  deadRows: 0,
  modifiedSinceAnalyze: 0,
  insertedSinceVacuum: 0,
  vacuumTrigger: 20_050,
  insertTrigger: 21_000,
  analyzeTrigger: 10_050,
  autovacuum: true,
  frozenXidAge: 0,
  multixactAge: 0,
  freezeMaxAge: 200_000_000,
  multixactFreezeMaxAge: 400_000_000,
  lastVacuum: null,
  lastAutovacuum: NOW - DAY,
  lastAnalyze: null,
  lastAutoanalyze: NOW - DAY,
  options: {},
  ...part,
})

const vacuum = (relations: VacuumRelation[], part: Partial<Vacuum> = {}): Vacuum => ({
  relations,
  total: 100,
  due: 0,
  dueForAnalyze: 0,
  running: [],
  ...part,
})

const STANDBY = {server: server({inRecovery: true})}

describe('vacuum/dead-rows', () => {
  it.each<[string, Partial<VacuumRelation>, string[]]>([
    ['below the share', {deadRows: 24_000}, []],
    ['at the share', {deadRows: 25_000}, ['medium "public"."t"']],
    ['few rows', {deadRows: 9_999, liveRows: 0, rowsEstimate: 10}, []],
    ['more than half, few', {deadRows: 200_000}, ['medium "public"."t"']],
    ['more than half, many', {deadRows: 1_000_000}, ['high "public"."t"']],
    ['many of very many', {deadRows: 10e6, liveRows: 190e6}, ['medium "public"."t"']],
    ['many, but a tiny share', {deadRows: 10e6, liveRows: 900e6}, []],
    ['vacuumed a moment ago', {deadRows: 50_000, lastAutovacuum: NOW - 60}, []],
    ['vacuumed a moment ago, without effect', {deadRows: 5e6, lastAutovacuum: NOW - 60}, ['high "public"."t"']],
    ['counters began anew: reltuples knows better', {deadRows: 12_000, liveRows: 0, rowsEstimate: 5e6}, []],
    ['TOAST', {deadRows: 25_000, kind: 'toast'}, ['medium "public"."t" (TOAST)']],
    ['temporary', {deadRows: 25_000, isTemporary: true}, []],
  ])('%s', (_, part, expected) => {
    expect(outcome(judge(deadRows, {vacuum: vacuum([relation('t', part)])}))).toEqual(expected)
  })

  it('offers an earlier trigger where autovacuum would not come, with the old one as undo', () => {
    const lazy = relation('t', {
      deadRows: 50_000,
      vacuumTrigger: 90_000,
      options: {autovacuum_vacuum_scale_factor: '0.9'},
    })
    const [finding] = findingsOf(judge(deadRows, {vacuum: vacuum([lazy])}))
    expect(finding!.fixes).toMatchObject([
      {statements: ['VACUUM "public"."t"']},
      {
        statements: ['ALTER TABLE "public"."t" SET (autovacuum_vacuum_scale_factor = 0.05)'],
        undo: ['ALTER TABLE "public"."t" SET (autovacuum_vacuum_scale_factor = 0.9)'],
      },
    ])
  })
})

describe('vacuum/backlog', () => {
  const on = [setting('autovacuum', 'on')]
  const check = (relations: VacuumRelation[], part: Partial<Vacuum> = {}, options = {}) =>
    outcome(judge(backlog, {settings: on, vacuum: vacuum(relations, part)}, {options}))

  it.each<[string, Partial<VacuumRelation>, string[]]>([
    ['not due', {deadRows: 20_050}, []],
    ['due since a moment ago', {deadRows: 20_500}, []],
    ['due for hours', {deadRows: 40_000}, ['medium autovacuum']],
    ['due for days, with many rows', {deadRows: 2e6, lastAutovacuum: NOW - 3 * DAY}, ['high autovacuum']],
    ['vacuumed by hand', {deadRows: 40_000, lastVacuum: NOW - HOUR}, []],
    ['inserts', {insertedSinceVacuum: 42_000}, ['medium autovacuum']],
    ['inserts do not count (before 13, or -1)', {insertedSinceVacuum: 42_000, insertTrigger: null}, []],
    ['its own high trigger', {deadRows: 40_000, vacuumTrigger: 100_000}, []],
    ['its own low trigger', {deadRows: 10_000, vacuumTrigger: 1000}, ['medium autovacuum']],
    ['switched off: vacuum/disabled tells', {deadRows: 40_000, autovacuum: false}, []],
    [
      'loaded, never vacuumed: nothing tells how old it is',
      {insertedSinceVacuum: 9e6, lastAutovacuum: null, lastAutoanalyze: null},
      [],
    ],
    [
      'never vacuumed, analyzed long ago',
      {insertedSinceVacuum: 9e6, lastAutovacuum: null, lastAutoanalyze: NOW - DAY},
      ['medium autovacuum'],
    ],
  ])('%s', (_, part, expected) => expect(check([relation('t', part)])).toEqual(expected))

  const late = relation('t', {deadRows: 40_000})
  it('leaves alone what is being vacuumed', () => {
    const run = {pid: 1, oid: 1, database: 'ahsp', phase: 'scanning heap', heapBlocks: 10, heapBlocksScanned: 5}
    expect(check([late], {running: [run]})).toEqual([])
  })
  it('leaves alone what it is told to', () => expect(check([late], {}, {ignore: ['"public"."t"']})).toEqual([]))
  it('cannot judge without autovacuum', () => {
    const settings = [setting('autovacuum', 'off')]
    expect(outcome(judge(backlog, {settings, vacuum: vacuum([late])}))).toEqual(['cannot judge'])
  })
  it('types at most ten tables', () => {
    const many = Array.from({length: 12}, (_, i) => relation(`t${i}`, {oid: i, deadRows: 40_000 + i}))
    const [finding] = findingsOf(judge(backlog, {settings: on, vacuum: vacuum(many)}))
    expect(finding!.title).toContain('12 tables')
    expect(finding!.fixes[0]).toMatchObject({statements: {length: 10}})
  })
})

describe('vacuum/disabled', () => {
  const check = (autovacuum: string, relations: VacuumRelation[] = [], counts = 'on') =>
    outcome(
      judge(disabled, {
        settings: [setting('autovacuum', autovacuum), setting('track_counts', counts)],
        vacuum: vacuum(relations),
      }),
    )
  it('the whole server', () => expect(check('off')).toEqual(['high autovacuum']))
  it('by track_counts', () => expect(check('on', [], 'off')).toEqual(['high track_counts']))
  it.each<[string, Partial<VacuumRelation>, string]>([
    ['little happens', {}, 'low'],
    ['dead rows', {deadRows: 30_000}, 'medium'],
    ['old statistics', {modifiedSinceAnalyze: 30_000}, 'medium'],
    ['vacuumed by hand', {deadRows: 30_000, lastVacuum: NOW - HOUR}, 'info'],
  ])('a table: %s', (_, part, severity) => {
    expect(check('on', [relation('t', {autovacuum: false, ...part})])).toEqual([`${severity} "public"."t"`])
  })
  it('names every table', () => {
    const many = Array.from({length: 30}, (_, i) => relation(`t${i}`, {autovacuum: false}))
    expect(check('on', many)).toHaveLength(30)
  })
})

describe('vacuum/stale-statistics', () => {
  it.each<[string, Partial<VacuumRelation>, string[]]>([
    ['fresh', {modifiedSinceAnalyze: 20_000}, []],
    ['twice the trigger', {modifiedSinceAnalyze: 20_100}, ['low "public"."t"']],
    ['every row', {modifiedSinceAnalyze: 100_000}, ['medium "public"."t"']],
    ['analyzed a moment ago', {modifiedSinceAnalyze: 100_000, lastAnalyze: NOW - 60}, []],
    ['small', {modifiedSinceAnalyze: 9000, analyzeTrigger: 100}, []],
    ['just loaded', {modifiedSinceAnalyze: 100_000, lastAutoanalyze: null}, ['low "public"."t"']],
    [
      'loaded, autovacuum off for it',
      {modifiedSinceAnalyze: 100_000, lastAutoanalyze: null, autovacuum: false},
      ['medium "public"."t"'],
    ],
    ['counters lost in a crash', {lastAutoanalyze: null}, []],
    ['a catalog that is never analyzed', {modifiedSinceAnalyze: 100_000, analyzeTrigger: null}, []],
    ['partitioned', {kind: 'partitioned', rowsEstimate: -1, analyzeTrigger: null}, ['low "public"."t"']],
    ['partitioned, small', {kind: 'partitioned', rowsEstimate: -1, liveRows: 99_999}, []],
  ])('%s', (_, part, expected) => {
    expect(outcome(judge(staleStatistics, {vacuum: vacuum([relation('t', part)])}))).toEqual(expected)
  })
})

describe('vacuum/workers', () => {
  const settings = (delay: number, limit = -1) => [
    setting('autovacuum', 'on'),
    setting('autovacuum_max_workers', 3),
    setting('autovacuum_vacuum_cost_delay', delay, {unit: 'ms', vartype: 'real'}),
    setting('autovacuum_vacuum_cost_limit', limit),
    setting('vacuum_cost_limit', 200),
    setting('vacuum_cost_page_dirty', 20),
  ]
  const late = (count: number) => Array.from({length: count}, (_, i) => relation(`t${i}`, {oid: i, deadRows: 80_000}))
  const atWork = (count: number) =>
    ok(activity(Array.from({length: count}, (_, i) => session(i, {backendType: 'autovacuum worker'}))))
  const check = (delay: number, tables: number, sessions: unknown, limit = -1) =>
    judge(workers, {settings: settings(delay, limit), vacuum: vacuum(late(tables)), activity: sessions})

  it.each<[string, number, number, unknown, string[]]>([
    ['defaults, nothing overdue', 2, 0, atWork(3), []],
    ['old default, nothing overdue: no proof', 20, 0, atWork(0), []],
    ['old default, a table overdue', 20, 1, atWork(0), ['medium autovacuum_vacuum_cost_delay']],
    ['all at work, many overdue', 2, 5, atWork(3), ['medium autovacuum_max_workers']],
    ['one is free', 2, 5, atWork(2), []],
    ['all at work, few overdue', 2, 4, atWork(3), []],
    ['no delay at all', 0, 5, atWork(0), []],
    ['who works is hidden', 2, 5, hidden, ['cannot judge']],
    ['hidden, but not needed', 2, 0, hidden, []],
  ])('%s', (_, delay, tables, sessions, expected) => {
    expect(outcome(check(delay, tables, sessions))).toEqual(expected)
  })
  it('a small limit is raised as far as needed', () => {
    expect(findingsOf(check(2, 1, atWork(0), 10))[0]).toMatchObject({
      subject: 'autovacuum_vacuum_cost_limit',
      fixes: [{name: 'autovacuum_vacuum_cost_limit', to: '200'}],
    })
  })
})

describe('vacuum/wraparound', () => {
  const settings = (trigger = 200e6, multixact = 400e6) => [
    setting('autovacuum_freeze_max_age', trigger),
    setting('autovacuum_multixact_freeze_max_age', multixact),
    setting('vacuum_failsafe_age', 1.6e9),
  ]
  const check = (xid: number, multixact = 0, relations: VacuumRelation[] = [], trigger = 200e6) =>
    outcome(
      judge(wraparound, {
        settings: settings(trigger),
        databases: [database('ahsp', {frozenXidAge: xid, multixactAge: multixact})],
        vacuum: vacuum(relations),
      }),
    )
  it.each<[string, number, number, string[]]>([
    ['autovacuum at work', 250e6, 0, []],
    ['below twice', 399e6, 0, []],
    ['twice', 400e6, 0, ['high database "ahsp"']],
    ['four times', 800e6, 0, ['critical database "ahsp"']],
    ['multixacts', 0, 800e6, ['high database "ahsp" (multixacts)']],
    ['multixacts: the failsafe age comes before four times', 0, 1.6e9, ['critical database "ahsp" (multixacts)']],
  ])('%s', (_, xid, multixact, expected) => expect(check(xid, multixact)).toEqual(expected))

  it.each([
    [1e9, 1.6e9, 1.6e9],
    [2e9, 2e9, 2e9],
    [1.7e9, 1.785e9, 1.785e9],
    [200e6, 400e6, 800e6],
  ])('a trigger of %d: high from %d, critical from %d', (trigger, warn, critical) => {
    expect(limits('xid', trigger, settings(trigger), {warn: 2, critical: 4})).toEqual({warn, critical})
  })
  it("a table's own trigger", () => {
    const own = relation('t', {frozenXidAge: 30e6, freezeMaxAge: 10e6})
    expect(check(30e6, 0, [own])).toEqual(['high "public"."t"'])
  })
  it('what makes the database old is told once, and frozen', () => {
    const old = relation('t', {frozenXidAge: 500e6, kind: 'toast'})
    const verdict = judge(wraparound, {
      settings: settings(),
      databases: [database('ahsp', {frozenXidAge: 500e6}), database('other', {frozenXidAge: 500e6})],
      vacuum: vacuum([old]),
    })
    expect(outcome(verdict)).toEqual(['high database "ahsp"', 'high database "other"'])
    expect(findingsOf(verdict)[0]!.fixes).toMatchObject([{statements: ['VACUUM (FREEZE) "public"."t"']}])
    expect(findingsOf(verdict)[1]!.fixes).toMatchObject([{kind: 'action'}])
  })
  it('a window tells when', () => {
    const databases = (age: number) => [database('ahsp', {frozenXidAge: age})]
    const [finding] = findingsOf(
      judge(
        wraparound,
        {settings: settings(), databases: databases(1_000_000_600), vacuum: vacuum([])},
        {window: {seconds: 60, before: {at: NOW - 60, databases: databases(1e9), checkpoints: null}}},
      ),
    )
    expect(finding!.evidence.find(({label}) => label === 'writes stop')).toMatchObject({
      value: expect.stringMatching(/^in /),
    })
  })
})

describe('vacuum/horizon-holders', () => {
  const prepared = (part: Partial<PreparedTransaction> = {}): PreparedTransaction => ({
    gid: "o'clock",
    owner: 'app',
    database: 'ahsp',
    preparedAt: NOW - 60,
    xidAge: 10,
    ...part,
  })
  const holding = (part: Partial<ReplicationSlot>) => slot('s', {catalogXminAge: 2e6, ...part})
  const nobody = {slots: [], preparedTransactions: [], activity: ok(activity([])), replicas: ok([])}
  const open = (xminAge: number, since: number, part = {}) =>
    ok(activity([session(7, {xminAge, xactStart: NOW - since, state: 'active', ...part})]))

  it.each<[string, Record<string, unknown>, string[]]>([
    ['nobody', {}, []],
    ['hidden', {activity: hidden}, ['cannot judge']],
    ['a short transaction on a busy server', {activity: open(5e6, 60)}, []],
    ['a long one', {activity: open(5e6, 600)}, ['medium role "app"']],
    ['a very old one', {activity: open(20e6, 600)}, ['high role "app"']],
    ['vacuum itself', {activity: open(20e6, 600, {query: 'VACUUM big'})}, []],
    ['a walsender is a standby', {activity: open(20e6, 600, {backendType: 'walsender'})}, []],
    ['a fresh prepared transaction', {preparedTransactions: [prepared()]}, []],
    [
      'a forgotten one, on a quiet server',
      {preparedTransactions: [prepared({preparedAt: NOW - DAY})]},
      ["medium prepared transaction 'o''clock'"],
    ],
    ['a slot', {slots: [holding({})]}, ['medium slot "s"']],
    ['a slot left a moment ago', {slots: [holding({inactiveSince: NOW - 60})]}, []],
    ['a slot without xmin', {slots: [holding({catalogXminAge: null})]}, []],
    ['found although sessions are hidden', {slots: [holding({})], activity: hidden}, ['medium slot "s"']],
    [
      'a standby with feedback',
      {replicas: ok([{pid: 1, application: 'replica', clientAddr: null, xminAge: 3e6}])},
      ['medium standby "replica"'],
    ],
  ])('%s', (_, part, expected) => {
    expect(outcome(judge(horizonHolders, {...nobody, ...part}))).toEqual(expected)
  })
  it('says what prepared transaction to end, quoted', () => {
    const verdict = judge(horizonHolders, {...nobody, preparedTransactions: [prepared({xidAge: 2e6})]})
    expect(findingsOf(verdict)[0]!.fixes).toMatchObject([{statements: ["ROLLBACK PREPARED 'o''clock'"]}])
  })
})

it.each([deadRows, backlog, disabled, staleStatistics, workers, horizonHolders])('$id: never from a standby', rule => {
  const sections = {...STANDBY, settings: [], vacuum: vacuum([]), slots: [], preparedTransactions: []}
  expect(outcome(judge(rule, sections))).toEqual(['cannot judge'])
})
