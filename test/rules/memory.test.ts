import {describe, expect, it} from 'vitest'
import {ceilWorkMem, floorWorkMem, roundSize, sizeText} from '../../src/derive/memory.js'
import {questionOf} from '../../src/question.js'
import type {Context} from '../../src/rule.js'
import effectiveCacheSize from '../../src/rules/memory/effective-cache-size.js'
import maintenanceWorkMem from '../../src/rules/memory/maintenance-work-mem.js'
import sharedBuffers from '../../src/rules/memory/shared-buffers.js'
import workMem from '../../src/rules/memory/work-mem.js'
import randomPageCost from '../../src/rules/planner/random-page-cost.js'
import type {Database, Pooler, RoleSetting, Setting, Statement} from '../../src/snapshot.js'
import {pooler} from './poolers.js'
import {
  activity,
  connectionSettings,
  database,
  judge,
  NOW,
  ok,
  only,
  outcome,
  roleSetting,
  server,
  session,
  setting,
} from './sections.js'

const MB = 1024 ** 2
const APP = {instances: 1, workers: 2, threads: 4}
const GB = 1024 ** 3
const kB = (name: string, megabytes: number, part: Partial<Setting> = {}) =>
  setting(name, megabytes * 1024, {unit: 'kB', ...part})
const pages = (name: string, megabytes: number) => setting(name, megabytes * 128, {unit: '8kB'})

describe('sizes', () => {
  it.each([
    [16 * GB, '4GB'],
    [15.5 * GB, '3840MB'],
    [GB, '256MB'],
    [3.75 * GB, '960MB'],
  ])('a quarter of %i is %s', (ram, quarter) => {
    expect(sizeText(roundSize(ram / 4))).toBe(quarter)
  })

  it.each([
    [5.9 * MB, '4MB', '6MB'],
    [6 * MB, '6MB', '6MB'],
    [0.9 * MB, '0B', '1MB'],
    [50 * MB, '48MB', '64MB'],
  ])('%i is between %s and %s', (size, floor, ceil) => {
    expect([sizeText(floorWorkMem(size)), sizeText(ceilWorkMem(size))]).toEqual([floor, ceil])
  })
})

describe('memory/shared-buffers', () => {
  const own = (part: Partial<Database>) => database('ahsp', {sizeBytes: GB, ...part})
  const misses = own({blocksRead: 2_000, blocksHit: 98_000})
  const check = (megabytes: number, ramBytes: number | undefined, databases: Database[] | null, platform?: string) =>
    judge(
      sharedBuffers,
      {
        server: server({platformEvidence: platform ? [{platform, evidence: 'seen'}] : []}),
        settings: [pages('shared_buffers', megabytes)],
        ...(databases && {databases: ok(databases)}),
      },
      {context: {ramBytes}},
    )

  it.each<[string, number, number | undefined, Database[] | null, string[]]>([
    ['15 % of the RAM', 614.4, 4 * GB, [misses], []],
    ['below 15 %, nothing measured', 600, 4 * GB, [own({})], ['low shared_buffers']],
    ['below 15 %, misses measured', 600, 4 * GB, [misses], ['medium shared_buffers']],
    ['below 15 %, misses of another database', 600, 4 * GB, [own({}), misses], ['medium shared_buffers']],
    [
      'too few accesses to mean anything',
      600,
      4 * GB,
      [own({blocksRead: 400, blocksHit: 600})],
      ['low shared_buffers'],
    ],
    ['the database fits', 128, 16 * GB, [own({sizeBytes: 23 * MB})], []],
    ['the database fits, but another misses', 128, 16 * GB, [own({sizeBytes: MB}), misses], ['medium shared_buffers']],
    ['the size is hidden', 128, 16 * GB, null, ['low shared_buffers']],
    ['40 %', 1638.4, 4 * GB, [own({})], []],
    ['above 40 %', 1700, 4 * GB, [own({})], ['medium shared_buffers']],
    ['RAM unknown, default with misses', 128, undefined, [misses], ['low shared_buffers']],
    ['RAM unknown, default without misses', 128, undefined, [own({})], ['cannot judge']],
    ['RAM unknown, default, database fits', 128, undefined, [{...misses, sizeBytes: MB}], ['cannot judge']],
    ['RAM unknown, not the default', 256, undefined, [misses], ['cannot judge']],
  ])('%s', (_, megabytes, ram, databases, expected) => {
    expect(outcome(check(megabytes, ram, databases))).toEqual(expected)
  })

  it('leaves platforms alone that have a cache of their own', () => {
    expect(outcome(check(3072, 4 * GB, [misses], 'aurora'))).toEqual(['cannot judge'])
    expect(outcome(check(3072, 4 * GB, [misses], 'rds'))).toEqual(['medium shared_buffers'])
  })

  it('is sure of nothing that was not measured', () => {
    expect(only(check(128, 16 * GB, [misses]))).toMatchObject({confidence: 'estimated', fixes: [{to: '4GB'}]})
    expect(only(check(128, 16 * GB, [own({})]))).toMatchObject({confidence: 'assumed'})
    expect(check(256, undefined, null)).toMatchObject({cure: expect.stringMatching(/--ram 16GB/)})
  })
})

describe('memory/effective-cache-size', () => {
  const check = (megabytes: number, ramBytes?: number) =>
    judge(effectiveCacheSize, {settings: [pages('effective_cache_size', megabytes)]}, {context: {ramBytes}})

  it.each<[number, number | undefined, string[]]>([
    [2048, 4 * GB, []],
    [2000, 4 * GB, ['low effective_cache_size']],
    [3686.4, 4 * GB, []],
    [4096, 4 * GB, ['medium effective_cache_size']],
    [4096, undefined, ['cannot judge']],
  ])('%i MB of %i', (megabytes, ram, expected) => {
    expect(outcome(check(megabytes, ram))).toEqual(expected)
  })

  it('recommends three quarters', () => {
    expect(only(check(4096, 64 * GB)).fixes[0]).toMatchObject({to: '48GB'})
  })
})

describe('memory/maintenance-work-mem', () => {
  type Sizes = {own?: number; autovacuum?: number; workers?: number; indexPages?: number | null; ram?: number}
  const check = ({own = 64, autovacuum = -1, workers = 3, indexPages = 0, ram = 16 * GB}: Sizes) =>
    judge(
      maintenanceWorkMem,
      {
        settings: [
          kB('maintenance_work_mem', own),
          autovacuum < 0 ? setting('autovacuum_work_mem', -1, {unit: 'kB'}) : kB('autovacuum_work_mem', autovacuum),
          setting('autovacuum_max_workers', workers),
          setting('block_size', 8192),
        ],
        ...(indexPages !== null && {indexes: ok([{oid: 1, schema: 'public', name: 'a_idx', pages: indexPages}])}),
      },
      {context: {ramBytes: ram}},
    )

  it.each<[string, Sizes, string[]]>([
    ['the default with small indexes', {indexPages: 64 * 128}, []],
    ['the default with a larger index', {indexPages: 64 * 128 + 1}, ['low maintenance_work_mem']],
    ['more than the default', {own: 128, indexPages: 1e6}, []],
    ['a small machine', {indexPages: 1e6, ram: 3.9 * GB}, []],
    ['indexes hidden', {indexPages: null}, []],
    ['many workers leave no more to each', {indexPages: 1e6, ram: 4 * GB, workers: 16}, []],
    ['a quarter of the RAM', {own: 1024, workers: 4}, []],
    ['above it', {own: 1025, workers: 4}, ['medium autovacuum_work_mem']],
    ['autovacuum has its own', {own: 2048, autovacuum: 256}, []],
    ['autovacuum has too much of its own', {autovacuum: 2048}, ['medium autovacuum_work_mem']],
    ['one build alone is too much', {own: 5000, autovacuum: 64}, ['medium maintenance_work_mem']],
  ])('%s', (_, sizes, expected) => {
    expect(outcome(check(sizes))).toEqual(expected)
  })

  it('needs the RAM', () => {
    const settings = [
      kB('maintenance_work_mem', 64),
      kB('autovacuum_work_mem', 64),
      setting('autovacuum_max_workers', 3),
    ]
    expect(outcome(judge(maintenanceWorkMem, {settings}))).toEqual(['cannot judge'])
  })

  it.each<[Sizes, string]>([
    [{indexPages: 1e6}, '1GB'],
    [{indexPages: 1e6, ram: 4 * GB}, '256MB'],
    [{own: 2048, ram: 8 * GB, workers: 10}, '192MB'],
  ])('recommends no more than its own budget for %j', (sizes, to) => {
    expect(only(check(sizes)).fixes[0]).toMatchObject({to})
  })
})

describe('memory/work-mem', () => {
  type Case = {
    workMem?: number
    part?: Partial<Setting>
    multiplier?: number | null
    context?: Context
    temp?: Partial<Database>
    roles?: RoleSetting[]
    poolers?: Pooler[]
    maxConnections?: number
    spills?: {text: string; blocks: number; calls: number}[]
    window?: {seconds: number; tempBytes: number}
  }
  const context: Context = {users: 100, ramBytes: 4 * GB}

  const settingsOf = ({workMem: size = 4, part, multiplier = 2, maxConnections = 200}: Case) => [
    ...connectionSettings(maxConnections),
    pages('shared_buffers', 1024),
    kB('work_mem', size, part),
    kB('maintenance_work_mem', 64),
    setting('autovacuum_work_mem', -1, {unit: 'kB'}),
    setting('autovacuum_max_workers', 3),
    setting('max_parallel_workers', 8),
    setting('max_parallel_workers_per_gather', 2),
    setting('block_size', 8192),
    ...(multiplier === null ? [] : [setting('hash_mem_multiplier', multiplier)]),
  ]

  function check(given: Case) {
    const own = database('ahsp', {statsReset: NOW - 7200, ...given.temp})
    const spills = given.spills?.map((spill, i) => ({...spill, queryid: `${i}`}))
    const statement = ({queryid, blocks, calls}: {queryid: string; blocks: number; calls: number}) =>
      ({queryid, database: 'ahsp', toplevel: true, tempWritten: blocks, calls, totalMs: 1}) as Statement
    const before = {at: NOW - 60, databases: [{...own, tempBytes: given.window?.tempBytes ?? 0}], checkpoints: null}
    return judge(
      workMem,
      {
        settings: settingsOf(given),
        databases: [own],
        activity: ok(activity([session(1)])),
        ...(given.roles && {roleSettings: ok(given.roles)}),
        ...(given.poolers && {poolers: ok(given.poolers)}),
        ...(spills && {
          statements: ok(spills.map(statement)),
          statementTexts: ok(spills.map(({queryid, text}) => ({queryid, text, truncated: false}))),
        }),
      },
      {context: given.context ?? context, ...(given.window && {window: {seconds: given.window.seconds, before}})},
    )
  }

  // 63 busy backends + 8 parallel workers at 100 users: 1216 MB + 71 x 2 x work_mem of 4096 MB
  it.each<[string, Case, string[]]>([
    ['below half of the RAM', {workMem: 5}, []],
    ['above half', {workMem: 6}, ['medium work_mem']],
    ['80 %', {workMem: 14}, ['medium work_mem']],
    ['above 80 %', {workMem: 15}, ['high work_mem']],
    ['before 13, without hash_mem_multiplier', {workMem: 11, multiplier: null}, []],
    ['never more backends than the server has', {workMem: 16, maxConnections: 25}, []],
    ['for the application, not for all users', {workMem: 16, context: {...context, app: APP}}, []],
    // A pool of 20, and the one session that came past it.
    ['no more than the pools open', {workMem: 16, poolers: [pooler()]}, []],
    ['the value of our own role', {workMem: 64, part: {source: 'user', bootValue: '4096'}}, []],
    ['a role with more', {roles: [roleSetting('app', null, 'work_mem', '64MB')]}, ['high work_mem']],
    ['another role with more', {roles: [roleSetting('report', null, 'work_mem', '64MB')]}, []],
    ['users unknown', {workMem: 64, context: {ramBytes: 4 * GB}}, []],
    ['RAM unknown', {workMem: 64, context: {users: 100}}, []],
  ])('worst case: %s', (_, given, expected) => {
    expect(outcome(check(given))).toEqual(expected)
  })

  it('says what was not judged, and with nothing to go by judges nothing', () => {
    expect(check({context: {users: 100}})).toMatchObject({
      summary: expect.stringMatching(/worst case not judged.*--ram/),
    })
    expect(check({temp: {statsReset: NOW - 60}})).toMatchObject({summary: expect.stringMatching(/files not judged/)})
    const neither = check({context: {}, temp: {statsReset: NOW - 60}})
    expect(neither).toMatchObject({cannotJudge: expect.anything(), cure: expect.stringMatching(/--ram/)})
  })

  it.each<[number, number, string]>([
    [1000, 16 * GB, '6MB'],
    [100, 4 * GB, '4MB'],
    [5000, 16 * GB, 'fewer backends'],
  ])('at %i users with %i RAM recommends %s, which stays within the budget', (users, ramBytes, expected) => {
    const given = {context: {users, ramBytes}, maxConnections: users + 100}
    const {fixes} = only(check({...given, workMem: 64}))
    const to = fixes[0]?.kind === 'setting' ? fixes[0].to : 'fewer backends'
    expect(to).toBe(expected)
    if (to.endsWith('MB')) expect(outcome(check({...given, workMem: Number.parseInt(to, 10)}))).toEqual([])
  })

  const hour = (perSecond: number, part: Partial<Database> = {}) => ({
    tempBytes: perSecond * 7200,
    tempFiles: 720,
    ...part,
  })
  it.each<[string, Case, string[]]>([
    ['just below the limit', {temp: hour(MB - 1)}, []],
    ['at the limit', {temp: hour(MB)}, ['medium database "ahsp"']],
    ['a short history', {temp: {...hour(MB), statsReset: NOW - 3599}}, []],
    ['never reset: the true window may be longer', {temp: {...hour(99 * MB), statsReset: null}}, []],
    ['an old pile, none while watched', {temp: hour(9 * MB), window: {seconds: 60, tempBytes: 9 * MB * 7200}}, []],
    [
      'nothing in history, much while watched',
      {temp: {tempBytes: 60 * MB}, window: {seconds: 60, tempBytes: 0}},
      ['medium database "ahsp"'],
    ],
  ])('temporary files: %s', (_, given, expected) => {
    expect(outcome(check(given))).toEqual(expected)
  })

  const sort = (megabytes: number) => [{text: 'SELECT * FROM a ORDER BY b', blocks: megabytes * 128 * 10, calls: 10}]
  const wide: Context = {users: 20, ramBytes: 16 * GB}
  it.each<[string, Case, object]>([
    ['from the mean spill per call', {spills: sort(8), context: wide}, {kind: 'setting', to: '24MB'}],
    ['more than the RAM allows for all', {spills: sort(8)}, {kind: 'app', title: expect.stringMatching(/24MB/)}],
    [
      'RAM unknown',
      {spills: sort(8), context: {}},
      {kind: 'setting', to: '24MB', note: expect.stringMatching(/not judged/)},
    ],
    ['much more than a statement should have', {spills: sort(900), context: wide}, {kind: 'action'}],
    ['statements hidden: from the mean file', {context: wide}, {kind: 'setting', to: '32MB'}],
    [
      'index builds do not count',
      {spills: [{text: 'create index on a (b)', blocks: 1e6, calls: 1}], context: wide},
      {to: '32MB'},
    ],
  ])('recommends, %s', (_, given, expected) => {
    expect(only(check({...given, temp: hour(MB)})).fixes[0]).toMatchObject(expected)
  })
})

describe('verify', () => {
  it.each<[Parameters<typeof questionOf>[0], string]>([
    [workMem, 'memory/work-mem --users 100 --ram 16GB'],
    [randomPageCost, 'planner/random-page-cost --users 100 --storage ssd'],
  ])('asks with the machine that was told', (rule, question) => {
    const poolers = {ok: false, reason: 'unsupported', message: ''} as const
    expect(questionOf(rule, {users: 100, ramBytes: 16 * GB, storage: 'ssd'}, {poolers})).toBe(question)
  })
})
