import {describe, expect, it} from 'vitest'
import type {Context, FixRequest} from '../../src/rule.js'
import overCommitted from '../../src/rules/pooler/over-committed.js'
import roleLimit from '../../src/rules/pooler/role-limit.js'
import type {Pooler, PoolerUser, Role} from '../../src/snapshot.js'
import {config, entry, held, pool, pooler, sample} from './poolers.js'
import {activity, connectionSettings, database, judge, ok, only, outcome, role, session} from './sections.js'

const ENTRY_FIELDS: Record<string, string> = {
  pool_size: 'poolSize',
  reserve_pool: 'reservePoolSize',
  max_db_connections: 'maxConnections',
}
const GENERAL_FIELDS: Record<string, string> = {
  default_pool_size: 'poolSize',
  reserve_pool_size: 'reservePoolSize',
  max_db_connections: 'maxConnections',
}

/** What the console would show after the printed lines. */
function applied(poolers: Pooler[], fixes: FixRequest[]): Pooler[] {
  const result = structuredClone(poolers)
  for (const fix of fixes) {
    if (fix.kind !== 'pooler') throw new Error(`${fix.kind} is no line of pgbouncer.ini`)
    const target = result.find(each => each.target.host === fix.pooler.target.host)!
    const field = (fix.database ? ENTRY_FIELDS : GENERAL_FIELDS)[fix.name]!
    const setting = target.config.find(({name}) => name === fix.name)
    for (const each of target.databases as unknown as Record<string, unknown>[]) {
      const isMeant = fix.database ? each.name === fix.database : each[field] === Number(setting?.value ?? each[field])
      if (isMeant) each[field] = Number(fix.to)
    }
    if (!fix.database && setting) setting.value = fix.to
  }
  return result
}

const lines = (fixes: FixRequest[]) =>
  fixes.map(fix =>
    fix.kind === 'pooler' ? `${fix.database ? `${fix.database}: ` : ''}${fix.name} = ${fix.to}` : fix.title,
  )

const sizes = (size: number, reserve = 0) => ({default_pool_size: size, reserve_pool_size: reserve})
const one = (size: number, reserve: number, part: Partial<Pooler> = {}) =>
  pooler({
    config: config(sizes(size, reserve)),
    databases: [entry({poolSize: size, reservePoolSize: reserve})],
    ...part,
  })
const users = (...names: string[]) => [sample({pools: names.map(user => pool({user}))})]

describe('pooler/over-committed', () => {
  const check = (poolers: Pooler[], max: number, context: Context = {}, direct = 0) => {
    // Those that belong there: the application's own are pooler/bypass.
    const sessions = Array.from({length: direct}, (_, i) => session(1000 + i, {application: 'pg_dump'}))
    return judge(
      overCommitted,
      {poolers, settings: connectionSettings(max), activity: ok(activity(sessions))},
      {context},
    )
  }

  it.each<[string, Pooler[], number, Context, number, string[]]>([
    ['the documented pools on 200', [one(140, 20)], 200, {}, 0, []],
    ['on 100', [one(140, 20)], 100, {}, 0, ['default_pool_size = 67', 'reserve_pool_size = 9']],
    ['without a reserve', [one(140, 0)], 100, {}, 0, ['default_pool_size = 67']],
    [
      'two processes',
      [one(140, 20)],
      200,
      {poolerProcesses: 2},
      0,
      ['default_pool_size = 68', 'reserve_pool_size = 9'],
    ],
    [
      'a process beside it',
      [one(140, 20), one(140, 20, {target: {host: '10.0.0.6', port: 6432, user: 'stats'}})],
      200,
      {},
      0,
      ['default_pool_size = 68', 'reserve_pool_size = 9', 'default_pool_size = 68', 'reserve_pool_size = 9'],
    ],
    ['direct clients', [one(140, 20)], 200, {}, 30, ['default_pool_size = 116', 'reserve_pool_size = 16']],
    ['many direct clients', [one(70, 0)], 200, {}, 120, ['default_pool_size = 49']],
    [
      'three users',
      [one(60, 10, {samples: users('app', 'jobs', 'reports')})],
      200,
      {},
      0,
      ['default_pool_size = 45', 'reserve_pool_size = 6'],
    ],
    [
      'a size of its own',
      [pooler({config: config(sizes(20)), databases: [entry({poolSize: 150}), entry({name: 'b', poolSize: 20})]})],
      150,
      {},
      0,
      ['ahsp: pool_size = 90', 'default_pool_size = 12'],
    ],
    [
      'bounded by max_db_connections',
      [one(140, 20, {databases: [entry({poolSize: 140, reservePoolSize: 20, maxConnections: 96})]})],
      100,
      {},
      0,
      ['max_db_connections = 77'],
    ],
    ['bounded enough', [one(140, 20, {databases: [entry({poolSize: 140, maxConnections: 80})]})], 100, {}, 0, []],
  ])('%s', (_, poolers, max, context, direct, expected) => {
    const verdict = check(poolers, max, context, direct)
    if (expected.length === 0) return expect(outcome(verdict)).toEqual([])
    const {fixes} = only(verdict)
    expect(lines(fixes)).toEqual(expected)
    expect(outcome(check(applied(poolers, fixes), max, context, direct))).toEqual([])
  })

  it.each<[number, string]>([
    [177, ''],
    [178, 'medium'],
    [197, 'medium'],
    [198, 'high'],
  ])('%i of 197 usable: %s', (size, severity) => {
    expect(outcome(check([one(size, 0)], 200)).map(text => text.split(' ')[0])).toEqual(severity ? [severity] : [])
  })

  it('a size in [users] is changed there', () => {
    const user: PoolerUser = {name: 'app', poolMode: null, poolSize: 190, maxConnections: null}
    expect(lines(only(check([one(20, 0, {users: [user]})], 200)).fixes)).toEqual([
      'Set pool_size = 137 in the line of "app"',
    ])
  })

  it('where even the smallest pools are too many, the server must have more', () => {
    const names = Array.from({length: 100}, (_, i) => `user${i}`)
    expect(only(check([one(5, 0, {samples: users(...names)})], 100)).fixes).toMatchObject([
      {kind: 'setting', name: 'max_connections', to: '600'},
    ])
  })

  it('hidden sessions: judged by the pools, and says so', () => {
    const verdict = judge(overCommitted, {poolers: [one(140, 20)], settings: connectionSettings(100)})
    expect(only(verdict).detail).toContain('hidden')
    expect(only(verdict).evidence.map(({label}) => label)).not.toContain('clients that connect directly')
  })

  it("does not count another process's pools twice", () => {
    const sessions = [session(1), ...Array.from({length: 50}, (_, i) => session(100 + i))]
    const verdict = judge(
      overCommitted,
      {
        poolers: [one(60, 0, {servers: [held(1)]})],
        settings: connectionSettings(200),
        activity: ok(activity(sessions)),
      },
      {context: {poolerProcesses: 2}},
    )
    expect(verdict).toEqual({summary: 'full pools and direct clients take 120 of 197 usable connections', findings: []})
  })
})

describe('pooler/role-limit', () => {
  const check = (
    limits: {app?: number; database?: number; isSuperuser?: boolean},
    poolers: Pooler[] = [one(40, 5)],
    context: Context = {},
    direct = 0,
  ) => {
    const roles: Role[] = [role('app', {connectionLimit: limits.app ?? -1, isSuperuser: limits.isSuperuser ?? false})]
    const databases = [database('ahsp', {connectionLimit: limits.database ?? -1})]
    const sessions = Array.from({length: direct}, (_, i) => session(1000 + i))
    const settings = ok(connectionSettings(200))
    return judge(roleLimit, {poolers, roles, databases, settings, activity: ok(activity(sessions))}, {context})
  }

  it.each<[string, Parameters<typeof check>, string[]]>([
    ['none', [{}], []],
    ['role, enough', [{app: 45}], []],
    ['role, short', [{app: 44}], ['high role "app"']],
    ['closed to it', [{app: 0}], ['high role "app"']],
    ['superusers are not bound', [{app: 10, isSuperuser: true}], []],
    ['database, short', [{database: 44}], ['high database "ahsp"']],
    ['direct sessions come on top', [{app: 45}, [one(40, 5)], {}, 1], ['high role "app"']],
    ['two processes', [{app: 45}, [one(40, 5)], {poolerProcesses: 2}], ['high role "app"']],
    [
      'two users of the database',
      [{database: 89}, [one(40, 5, {samples: users('app', 'jobs')})]],
      ['high database "ahsp"'],
    ],
    ['bounded by PgBouncer', [{app: 30}, [one(40, 5, {databases: [entry({poolSize: 40, maxConnections: 30})]})]], []],
    [
      'the role that the server sees',
      [{app: 30}, [one(40, 5, {databases: [entry({poolSize: 40, forceUser: 'owner'})]})]],
      [],
    ],
  ])('%s', (_, args, expected) => {
    expect(outcome(check(...args))).toEqual(expected)
  })

  it.each<[number, number, string]>([
    [40, 5, 'ALTER ROLE "app" CONNECTION LIMIT 50'],
    [190, 20, 'ALTER ROLE "app" CONNECTION LIMIT -1'],
  ])('a pool of %i + %i: %s', (size, reserve, statement) => {
    expect(only(check({app: 30}, [one(size, reserve)])).fixes).toMatchObject([
      {statements: [statement], undo: ['ALTER ROLE "app" CONNECTION LIMIT 30']},
    ])
  })
})
