import {describe, expect, it} from 'vitest'
import {maxConnectionsFor} from '../../src/derive/connections.js'
import type {Context} from '../../src/rule.js'
import churn from '../../src/rules/connections/churn.js'
import exhaustion from '../../src/rules/connections/exhaustion.js'
import limits from '../../src/rules/connections/limits.js'
import saturation from '../../src/rules/connections/saturation.js'
import type {Window} from '../../src/snapshot.js'
import {held, pool, pooler, sample} from './poolers.js'
import {
  activity,
  connectionSettings,
  database,
  hidden,
  judge,
  NOW,
  ok,
  only,
  outcome,
  role,
  session,
  setting,
} from './sections.js'

const sessions = (count: number, part = {}) => Array.from({length: count}, (_, i) => session(i + 1, part))

describe('connections/exhaustion', () => {
  const check = (max: number, context: Context, clients: number[] | null = [3, 3, 3], reserved = 3) =>
    judge(
      exhaustion,
      {settings: connectionSettings(max, reserved), ...(clients && {activity: ok(activity(sessions(1), clients))})},
      {context},
    )

  it.each<[number, Context, string]>([
    [100, {users: 100}, 'max_connections = 100 is too low for 100 users, recommended 200'],
    [200, {users: 200}, 'max_connections = 200 is too low for 200 users, put a pooler in front'],
    [200, {users: 150}, 'max_connections = 200 is too low for 150 users, recommended 300'],
    [
      40,
      {users: 50, app: {instances: 2, workers: 6, threads: 4}},
      "max_connections = 40 is too low for the application's 48 connections, recommended 100",
    ],
    [
      100,
      {app: {instances: 4, workers: 4, threads: 8, poolSize: 10}},
      "max_connections = 100 is too low for the application's 160 connections, recommended 250",
    ],
    [20, {users: 100, currentUsers: 10}, 'max_connections = 20 is too low for 100 users, recommended 50'],
  ])('max_connections = %i for %j', (max, context, title) => {
    expect(only(check(max, context)).title).toBe(title)
  })

  it.each<[number, Context, string]>([
    [200, {users: 100}, 'max_connections = 200 is sufficient for 100 users (125 of 197 usable connections, assumed)'],
    [100, {users: 30}, 'max_connections = 100 is sufficient for 30 users (55 of 97 usable connections, assumed)'],
    [
      100,
      {users: 500, app: {instances: 1, workers: 8, threads: 4}},
      "max_connections = 100 is sufficient for the application's 32 connections (32 of 97 usable connections, configured)",
    ],
    [
      100,
      {users: 100, currentUsers: 10},
      'max_connections = 100 is sufficient for 100 users (30 of 97 usable connections, observed)',
    ],
  ])('max_connections = %i suffices for %j', (max, context, summary) => {
    expect(check(max, context)).toEqual({summary, findings: []})
  })

  it('an assumption is never critical, a full server is; the text says what was not seen', () => {
    const assumed = only(check(100, {users: 100}))
    expect(assumed).toMatchObject({severity: 'high', confidence: 'assumed'})
    expect(assumed.detail).toContain('No refusal was seen (peak 3 of 97)')
    expect(assumed.detail).toContain('neither latency nor throughput')
    const full = only(check(100, {users: 100}, [90, 97, 95]))
    expect(full).toMatchObject({severity: 'critical', confidence: 'measured'})
    expect(full.detail).toContain('further clients are refused')
  })

  it('is not content with a target that is smaller than what is connected already', () => {
    expect(only(check(100, {users: 20}, [90, 90])).title).toBe(
      'max_connections = 100 is too low for the 90 clients seen now, recommended 150',
    )
    expect(outcome(check(100, {users: 20, currentUsers: 90}, [60, 60]))).toEqual([])
  })

  it('says who holds long-lived connections, and asks for the threads', () => {
    const given = {settings: connectionSettings(40), activity: ok(activity(sessions(20)))}
    const {detail} = only(judge(exhaustion, given, {context: {users: 30}}))
    expect(detail).toContain('Role "app" as "gunicorn" from 10.0.0.3 holds 20 long-lived connections')
    expect(detail).toContain('app: in ahsp-db.yaml')
  })

  it('cannot judge without a target; hidden sessions do not stop it', () => {
    expect(outcome(check(100, {}))).toEqual(['cannot judge'])
    expect(outcome(check(100, {users: 100}, null))).toEqual(['high max_connections'])
    expect(outcome(check(100, {users: 100, currentUsers: 5}, [0, 0]))).toEqual(['high max_connections'])
  })

  it('counts reserved_connections (16 and later), and its own recommendation satisfies it', () => {
    const settings = [...connectionSettings(100), setting('reserved_connections', 30)]
    expect(outcome(judge(exhaustion, {settings}, {context: {users: 25}}))).toEqual(['high max_connections'])
    for (let demand = 1; demand < 300; demand++) {
      expect(demand / (maxConnectionsFor(demand, 10, 70) - 10)).toBeLessThan(0.7)
    }
  })
})

describe('connections/saturation', () => {
  const check = (clients: number[], of = sessions(1)) =>
    judge(saturation, {settings: connectionSettings(103), activity: ok(activity(of, clients))})

  it.each<[number[], string[]]>([
    [[69, 69, 69], []],
    [[69, 70, 10], ['medium max_connections']],
    [[85, 40, 40], ['high max_connections']],
    [[100, 94, 100], ['high max_connections']],
    [[95, 96, 100], ['critical max_connections']],
    [[100], ['high max_connections']],
  ])('%j of 100', (clients, expected) => {
    expect(outcome(check(clients))).toEqual(expected)
  })

  it('idle pools are told to shrink, busy sessions that more connections do not help', () => {
    const idle = only(check([90, 90, 90], sessions(90)))
    expect(idle.detail).toContain('Most of them are idle')
    expect(idle.fixes[0]).toMatchObject({kind: 'action'})
    const busy = only(check([90, 90, 90], sessions(90, {state: 'active'})))
    expect(busy.detail).toContain('cures refusals, but not latency')
    expect(busy.fixes[0]).toMatchObject({kind: 'setting', to: '150'})
  })

  it('hidden sessions: the databases tell, less exactly and never critical', () => {
    const databases = [database('ahsp', {backends: 90}), database('other', {backends: 11})]
    const given = {settings: connectionSettings(103), databases: ok(databases)}
    expect(only(judge(saturation, given))).toMatchObject({severity: 'high', confidence: 'estimated'})
    expect(judge(saturation, {settings: connectionSettings(103)})).toMatchObject({
      cure: expect.stringContaining('GRANT'),
    })
  })
})

describe('connections/churn', () => {
  const HOUR = 3600
  const of = (perMinute: number, lives: number, part = {}) =>
    database('ahsp', {
      sessions: perMinute * 60,
      sessionTimeMs: perMinute * 60 * lives * 1000,
      statsReset: NOW - HOUR,
      ...part,
    })
  const reset = (at: number | null) => ({checkpoints: ok({statsReset: at})})

  it.each<[string, ReturnType<typeof of>, object, string[]]>([
    ['just below', of(119, 0.1), {}, []],
    ['medium', of(120, 0.1), {}, ['medium database "ahsp"']],
    ['high', of(300, 0.1), {}, ['high database "ahsp"']],
    ['often, but from a pool', of(300, 61), {}, []],
    ['too young a history', of(5000, 0.1, {statsReset: NOW - 600}), {}, ['cannot judge']],
    ['few sessions', database('ahsp', {sessions: 40, statsReset: NOW - HOUR}), {}, []],
    ['before 14', database('ahsp', {sessions: null}), {}, ['cannot judge']],
    ['never reset: the start of the server says nothing', of(5000, 0.1, {statsReset: null}), {}, ['cannot judge']],
    ['never reset, cluster a year old', of(5000, 0.1, {statsReset: null}), reset(NOW - 365 * 24 * HOUR), []],
    ['never reset, cluster an hour old', of(300, 0.1, {statsReset: null}), reset(NOW - HOUR), ['high database "ahsp"']],
  ])('%s', (_, row, checkpoints, expected) => {
    expect(outcome(judge(churn, {databases: [row], ...checkpoints}))).toEqual(expected)
  })

  it('a window beats the history, unless the counters were reset in between', () => {
    const earlier = (sessions: number): Window => ({
      seconds: 60,
      before: {at: NOW - 60, databases: [database('ahsp', {sessions})], checkpoints: null},
    })
    const busyHistory = of(600, 0.1)
    expect(outcome(judge(churn, {databases: [busyHistory]}, {window: earlier(35_990)}))).toEqual([])
    const burst = only(judge(churn, {databases: [busyHistory]}, {window: earlier(35_500)}))
    expect(burst.title).toContain('500 new connections per minute')
    expect(burst.confidence).toBe('measured')
    expect(outcome(judge(churn, {databases: [busyHistory]}, {window: earlier(99_999)}))).toEqual([
      'high database "ahsp"',
    ])
  })

  it("the fix speaks Django's language", () => {
    const [fix] = only(judge(churn, {databases: [of(500, 0.1)]})).fixes
    const lines = fix?.kind === 'app' ? fix.by.django?.lines.join(' ') : ''
    expect(lines).toContain("'CONN_MAX_AGE': 600")
    expect(lines).toContain("'CONN_HEALTH_CHECKS': True")
    expect(lines).toContain("'connect_timeout': 10")
  })
})

describe('connections/limits', () => {
  const check = (roles: ReturnType<typeof role>[], databases = [database('ahsp')], context: Context = {}) =>
    judge(limits, {settings: connectionSettings(200), roles, databases}, {context})
  const app = (connectionLimit: number, connections: number, part = {}) =>
    role('app', {connectionLimit, connections, ...part})

  it.each<[string, ReturnType<typeof role>[], string[]]>([
    ['no limit', [app(-1, 150)], []],
    ['below', [app(50, 39)], []],
    ['at 80 %', [app(50, 40)], ['medium role "app"']],
    ['reached', [app(50, 50)], ['high role "app"']],
    ['meant for one job at a time', [role('backup', {connectionLimit: 1, connections: 1})], []],
    ['closed', [app(0, 0)], []],
    ['superusers have none', [app(50, 50, {isSuperuser: true})], []],
  ])('role: %s', (_, roles, expected) => {
    expect(outcome(check(roles))).toEqual(expected)
  })

  it.each<[string, Context, number, string[]]>([
    ['assumed', {users: 100}, 60, ['high database "ahsp"']],
    ['enough', {users: 100}, 130, []],
    ['as many as the server has', {users: 500}, 197, []],
    ['invalid database', {users: 100}, -2, []],
  ])('database and target: %s', (_, context, connectionLimit, expected) => {
    expect(outcome(check([], [database('ahsp', {connectionLimit})], context))).toEqual(expected)
  })

  it("the target concerns the application's role alone", () => {
    const report = role('report', {connectionLimit: 10, connections: 2})
    expect(outcome(check([report, app(-1, 30)], undefined, {users: 100}))).toEqual([])
    expect(outcome(check([report, app(50, 30)], undefined, {users: 100}))).toEqual(['high role "app"'])
  })

  it('our own connection does not count, and a limit that the server cannot serve is removed', () => {
    const own = [database('ahsp', {connectionLimit: 10, backends: 8})]
    expect(outcome(check([], own))).toEqual([])
    const [fix] = only(check([role('a"b', {connectionLimit: 180, connections: 170})])).fixes
    expect(fix).toMatchObject({statements: ['ALTER ROLE "a""b" CONNECTION LIMIT -1']})
  })
})

describe('with a pooler in front: its full pools and the direct clients are all that can come', () => {
  const pids = (count: number) => Array.from({length: count}, (_, i) => i + 1)
  /** 140 + 20, as in the story; `through` of its connections are open. */
  const story = (through = 0) =>
    pooler({
      databases: [{...pooler().databases[0]!, poolSize: 140, reservePoolSize: 20}],
      servers: pids(through).map(pid => held(pid)),
      samples: [0, 2, 4].map(at => sample({at, pools: [pool({clientsActive: through})], remotePids: pids(through)})),
    })
  const given = (max: number, all = sessions(0), part = {}) => ({
    settings: connectionSettings(max),
    activity: ok(activity(all)),
    roles: ok([role('app')]),
    poolers: ok([story()]),
    ...part,
  })
  const context = {users: 200}

  it('the documented pools suffice on 200 connections, whatever the users, and not on 100', () => {
    expect(judge(exhaustion, given(200), {context})).toEqual({
      summary:
        'max_connections = 200 is sufficient for 200 users through PgBouncer (160 of full pools + 0 direct, of 197 ' +
        'usable connections, configured)',
      findings: [],
    })
    const finding = only(judge(exhaustion, given(100), {context}))
    expect(finding.title).toBe('max_connections = 100 is too low for 200 users through PgBouncer, recommended 200')
    expect(finding.fixes).toMatchObject([{kind: 'setting', to: '200'}])
    expect(outcome(judge(exhaustion, given(100), {context: {poolerProcesses: 2}}))).toEqual(['high max_connections'])
    expect(outcome(judge(exhaustion, given(200), {context: {users: 200, poolerProcesses: 2}}))).toEqual([
      'high max_connections',
    ])
  })

  it('counts who comes directly, without being of the application', () => {
    const psql = sessions(40, {application: 'psql', user: 'boss'})
    expect(only(judge(exhaustion, given(200, psql), {context})).evidence[1]).toMatchObject({value: 200})
  })

  it.each<[string, object]>([
    ['no pooler', {poolers: {ok: false, reason: 'unsupported', message: 'none was given'}}],
    ['a console that failed', {poolers: {...ok([story()]), total: 2}}],
    ['the application comes past it', {activity: ok(activity(sessions(30)))}],
  ])('%s: one backend for each user, as before', (_, part) => {
    const finding = only(judge(exhaustion, given(200, [], part), {context}))
    expect(finding.title).toBe('max_connections = 200 is too low for 200 users, put a pooler in front')
  })

  it('says to use the pooler that is there', () => {
    const {fixes} = only(judge(exhaustion, given(200, sessions(30)), {context}))
    expect(fixes[0]).toMatchObject({kind: 'action', title: 'Use the pooler that is there'})
  })

  it('saturation: pools that fit may be full; others are to be made smaller', () => {
    const full = (max: number) => given(max, sessions(160), {poolers: ok([story(160)])})
    expect(judge(saturation, full(200))).toEqual({
      summary: '160 of 197 usable connections in use; PgBouncer opens 160 at most',
      findings: [],
    })
    const {severity, fixes} = only(judge(saturation, full(175)))
    expect(severity).toBe('high')
    expect(JSON.stringify(fixes)).toContain('lower default_pool_size of PgBouncer (10.0.0.5:6432)')
    expect(JSON.stringify(fixes)).not.toContain('in front')
  })

  it("limits: a role's limit is held against the pools, not against the users", () => {
    const roles = [role('app', {connectionLimit: 165, connections: 50})]
    const input = {...given(300), roles, databases: [database('ahsp')]}
    expect(outcome(judge(limits, input, {context}))).toEqual([])
    expect(outcome(judge(limits, {...input, poolers: hidden}, {context}))).toEqual(['high role "app"'])
  })

  it('churn: the pooler that is there, not another one', () => {
    const rows = [database('ahsp', {sessions: 60_000, sessionTimeMs: 1000, statsReset: NOW - 3600})]
    const advice = (part: object) => JSON.stringify(only(judge(churn, {databases: rows, ...part})).fixes)
    expect(advice({})).toContain('Or put a pooler (PgBouncer) in front')
    expect(advice({poolers: ok([story()])})).toContain('Or use the pooler that is there')
  })
})
