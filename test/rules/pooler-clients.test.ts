import {describe, expect, it} from 'vitest'
import type {Context} from '../../src/rule.js'
import maxClientConn from '../../src/rules/pooler/max-client-conn.js'
import openFileLimit from '../../src/rules/pooler/open-file-limit.js'
import sessionMode from '../../src/rules/pooler/session-mode.js'
import type {Activity, Pooler, Section} from '../../src/snapshot.js'
import {config, entry, held, pool, pooler, sample, stats} from './poolers.js'
import {activity, hidden, judge, ok, only, outcome, session} from './sections.js'

const AT = '10.0.0.5:6432'

describe('pooler/max-client-conn', () => {
  const at = (limit: number, used: number, host = '10.0.0.5') =>
    pooler({
      target: {host, port: 6432, user: 'stats'},
      config: config({max_client_conn: limit}),
      lists: {used_clients: used, login_clients: 0},
    })
  const check = (poolers: Pooler[], context: Context = {}) => judge(maxClientConn, {poolers}, {context})

  it.each<[string, Pooler[], Context, string[]]>([
    ['room', [at(100, 79)], {}, []],
    ['80 %', [at(100, 80)], {}, [`medium ${AT}`]],
    ['95 %', [at(100, 95)], {}, [`high ${AT}`]],
    ['assumed users', [at(100, 5)], {users: 100}, [`medium ${AT}`]],
    ['assumed users fit', [at(500, 5)], {users: 200}, []],
    ['threads do not fit', [at(100, 5)], {app: {instances: 4, workers: 4, threads: 8}}, [`high ${AT}`]],
    ['threads fit, whatever the users', [at(150, 5)], {users: 500, app: {instances: 4, workers: 4, threads: 8}}, []],
    ['two processes share them', [at(100, 5)], {users: 150, poolerProcesses: 2}, []],
    ['two consoles share them', [at(100, 5), at(100, 5, '10.0.0.6')], {users: 150}, []],
    ['one of two is full', [at(100, 90), at(100, 5, '10.0.0.6')], {}, [`medium ${AT}`]],
    ['scaled from what is connected', [at(100, 40)], {users: 30, currentUsers: 10}, [`medium ${AT}`]],
    ['not told', [pooler()], {}, ['cannot judge']],
  ])('%s', (_, poolers, context, expected) => {
    expect(outcome(check(poolers, context))).toEqual(expected)
  })

  it.each<[Pooler[], Context, string]>([
    [[at(100, 80)], {}, '100'],
    [[at(100, 90)], {}, '200'],
    [[at(100, 5)], {users: 200}, '300'],
    [[at(100, 5)], {users: 400, poolerProcesses: 2}, '300'],
  ])('the fix allows what is wanted and a quarter more', (poolers, context, to) => {
    expect(only(check(poolers, context)).fixes).toMatchObject([{name: 'max_client_conn', to}])
  })

  it('says how many open files that takes, and what is only assumed', () => {
    const {fixes, confidence, detail} = only(check([at(100, 5)], {users: 200}))
    expect(confidence).toBe('assumed')
    expect(detail).toContain('One client per user is an assumption')
    expect(fixes[0]).toMatchObject({note: expect.stringContaining('needs 330 open files')})
  })
})

describe('pooler/open-file-limit', () => {
  const check = (clients: number, context: Context = {}, part: Partial<Pooler> = {}) =>
    judge(openFileLimit, {poolers: [pooler({config: config({max_client_conn: clients}), ...part})]}, {context})

  it.each<[number, number | undefined, string[]]>([
    [994, undefined, []],
    [995, undefined, ['cannot judge']],
    [995, 1025, []],
    [995, 1024, [`medium ${AT}`]],
    [500, 256, [`medium ${AT}`]],
  ])('%i clients, 20 server connections, %s files', (clients, poolerOpenFiles, expected) => {
    expect(outcome(check(clients, {poolerOpenFiles}))).toEqual(expected)
  })

  it('is high when most of them are open', () => {
    const lists = {used_clients: 195, used_servers: 5}
    expect(outcome(check(500, {poolerOpenFiles: 256}, {lists}))).toEqual([`high ${AT}`])
  })

  it('prints the lines of systemd, and a limit that fits until then', () => {
    expect(only(check(2000, {poolerOpenFiles: 1024})).fixes).toMatchObject([
      {kind: 'action', steps: [{lines: ['[Service]', 'LimitNOFILE=4096']}, {}, {}]},
      {kind: 'pooler', name: 'max_client_conn', to: '994'},
    ])
  })

  it('says how to look when it is not known', () => {
    expect(check(5000)).toMatchObject({cure: expect.stringContaining('/proc/$(pidof pgbouncer)/limits')})
  })
})

describe('pooler/session-mode', () => {
  /** Ten held server connections, so many of whose backends are idle. */
  const pids = Array.from({length: 10}, (_, i) => i + 1)
  const backends = (idle: number): Section<Activity> =>
    ok(activity(pids.map(pid => session(pid, {state: pid <= idle ? 'idle' : 'idle in transaction'}))))
  const linked = (part: Parameters<typeof pool>[0] = {}, rest: Partial<Pooler> = {}) =>
    pooler({
      samples: [sample({pools: [pool({poolMode: 'session', serversActive: 10, ...part})]})],
      servers: pids.map(pid => held(pid, {state: 'active'})),
      ...rest,
    })
  const check = (one: Pooler, sessions: Section<Activity> = hidden) =>
    judge(sessionMode, {poolers: [one], activity: sessions})
  const subject = `pool "ahsp"/"app" at ${AT}`

  it.each<[string, Pooler, Section<Activity>, string[]]>([
    ['transaction mode', linked({poolMode: 'transaction'}), backends(10), []],
    ['nobody yet', pooler({samples: [sample()]}), backends(10), []],
    ['six of ten idle', linked(), backends(6), []],
    ['seven of ten idle', linked(), backends(7), [`medium ${subject}`]],
    ['while others wait', linked({clientsWaiting: 3}), backends(7), [`high ${subject}`]],
    ['few are held', linked({serversActive: 4}), backends(10), []],
    ['sessions hidden, read once', linked(), hidden, ['cannot judge']],
  ])('%s', (_, one, sessions, expected) => {
    expect(outcome(check(one, sessions))).toEqual(expected)
  })

  it.each<[number, string[]]>([
    [2, [`medium ${subject}`]],
    [4, []],
  ])('without the sessions, the time in transactions tells: %i busy of 10', (busy, expected) => {
    const pools = [pool({poolMode: 'session', serversActive: 10})]
    const samples = [
      sample({pools, stats: [stats()]}),
      sample({at: 10, pools, stats: [stats({transactions: 100, transactionTimeUs: busy * 10e6})]}),
    ]
    const verdict = check(linked({}, {samples}))
    expect(outcome(verdict)).toEqual(expected)
    if (expected.length > 0) expect(only(verdict).confidence).toBe('estimated')
  })

  it.each<[string, Partial<Pooler>, object]>([
    ['in general', {}, {kind: 'pooler', name: 'pool_mode', to: 'transaction'}],
    ['at the database', {databases: [entry({poolMode: 'session'})]}, {kind: 'pooler', database: 'ahsp'}],
    [
      'at the user',
      {users: [{name: 'app', poolMode: 'session', poolSize: null, maxConnections: null}]},
      {kind: 'action', steps: [{lines: ['app = pool_mode=transaction']}]},
    ],
  ])('is changed where it stands: %s', (_, part, fix) => {
    const {fixes} = only(check(linked({}, part), backends(10)))
    expect(fixes[0]).toMatchObject(fix)
    expect(fixes[0]).not.toHaveProperty('database', undefined)
    expect(fixes[0]!.note).toContain('no client relies on its session')
  })
})
