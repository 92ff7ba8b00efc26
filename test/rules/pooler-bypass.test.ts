import {describe, expect, it} from 'vitest'
import bypass from '../../src/rules/pooler/bypass.js'
import overCommitted from '../../src/rules/pooler/over-committed.js'
import type {Database, Pooler, Role, Session, Window} from '../../src/snapshot.js'
import {clients, entry, held, pool, pooler, sample, stats} from './poolers.js'
import {
  activity,
  connectionSettings,
  database,
  findingsOf,
  judge,
  NOW,
  ok,
  only,
  outcome,
  role,
  server,
  session,
} from './sections.js'

const OLD = NOW - 3600

/** Three looks as a check takes them: before, right after the sessions were read, at the end. */
const looks = (pids: number[], pools = [pool({clientsActive: pids.length})], transactions = 100) =>
  [0, 2, 4].map(at => sample({at, pools, remotePids: pids, stats: [stats({transactions})]}))

const through = (pids: number[], part: Partial<Pooler> = {}) =>
  pooler({samples: looks(pids), servers: pids.map(pid => held(pid)), ...part})

const idle = (part: Partial<Pooler> = {}) => pooler({samples: looks([], [], 0), ...part})

type Given = {
  sessions?: Session[]
  poolers?: Pooler[]
  roles?: Role[]
  databases?: Database[]
  context?: object
  window?: Window
}

const check = ({sessions = [], poolers = [idle()], roles = [role('app')], databases, context, window}: Given) =>
  judge(
    bypass,
    {
      server: server(),
      activity: activity(sessions),
      roles,
      poolers: ok(poolers),
      ...(databases && {databases: ok(databases)}),
    },
    {context, ...(window && {window})},
  )

const direct = (count: number, part: Partial<Session> = {}) =>
  Array.from({length: count}, (_, i) => session(1000 + i, part))
const pooled = (count: number, part: Partial<Session> = {}) =>
  Array.from({length: count}, (_, i) => session(1 + i, {clientAddr: '10.0.0.5', application: '', ...part}))
const pids = (count: number) => pooled(count).map(({pid}) => pid)

const APP = 'role "app" in database "ahsp"'

describe('pooler/bypass by process ids', () => {
  it.each<[string, Given, string[]]>([
    ['nobody there', {}, []],
    ['everybody through it', {sessions: pooled(20), poolers: [through(pids(20))]}, []],
    ['nothing came through: whoever it is', {sessions: direct(5)}, [`high ${APP}`]],
    ['half', {sessions: [...pooled(5), ...direct(5)], poolers: [through(pids(5))]}, [`high ${APP}`]],
    ['less than half', {sessions: [...pooled(8), ...direct(4)], poolers: [through(pids(8))]}, [`medium ${APP}`]],
    ['a few', {sessions: [...pooled(40), ...direct(2)], poolers: [through(pids(40))]}, [`low ${APP}`]],
    ['one: a migration', {sessions: [...pooled(5), ...direct(1)], poolers: [through(pids(5))]}, []],
    ['in the middle of its start', {sessions: direct(5, {backendStart: NOW - 1})}, []],
    ['psql', {sessions: direct(5, {application: 'psql'})}, []],
    ['an exporter', {sessions: direct(5, {application: 'postgres_exporter'})}, []],
    ['a superuser', {sessions: direct(5, {user: 'boss'}), roles: [role('boss', {isSuperuser: true})]}, []],
    ['listeners', {sessions: direct(5, {query: 'LISTEN jobs'})}, []],
    ['replication', {sessions: direct(5, {backendType: 'walsender'})}, []],
    ['another database', {sessions: direct(5, {database: 'wiki'})}, []],
    [
      'a role that never uses the pooler, beside those that do',
      {sessions: [...pooled(5), ...direct(5, {user: 'report'})], poolers: [through(pids(5))]},
      [],
    ],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(given))).toEqual(expected)
  })

  it('a superuser that has a pool of its own is an application', () => {
    const pools = [pool({user: 'postgres', clientsActive: 3})]
    const given = {
      sessions: [...pooled(3, {user: 'postgres'}), ...direct(3, {user: 'postgres'})],
      poolers: [through(pids(3), {samples: looks(pids(3), pools)})],
      roles: [role('postgres', {isSuperuser: true})],
    }
    expect(outcome(check(given))).toEqual(['high role "postgres" in database "ahsp"'])
  })

  it('a backend that any of the looks showed is pooled', () => {
    const samples = [sample({remotePids: [1000]}), sample({at: 2, remotePids: [1001]}), sample({at: 4})]
    expect(outcome(check({sessions: direct(2), poolers: [pooler({samples})]}))).toEqual([])
  })

  it('says who, from where and how many', () => {
    const sessions = [...pooled(2), ...direct(3), session(2000, {application: '', clientAddr: null})]
    const {title, evidence} = only(check({sessions, poolers: [through(pids(2))]}))
    expect(title).toBe('Role "app": 4 connections past PgBouncer, 2 through it')
    expect(evidence.map(({label, value}) => `${label}: ${value}`)).toEqual([
      'connections past the pooler: 4',
      'clients through the pooler: 2',
      'share past the pooler: 67',
      'as "gunicorn" from 10.0.0.3: 3',
      'without a name from a local socket: 1',
    ])
  })

  it('aliases, forced users and databases that only other names lead to', () => {
    const databases = [
      entry({name: 'shop', database: 'ahsp'}),
      entry({name: 'forced', database: 'ahsp', forceUser: 'owner'}),
      entry({name: 'wiki', database: 'wiki'}),
    ]
    const pools = [pool({database: 'shop', clientsActive: 2}), pool({database: 'forced', user: 'owner'})]
    const given = through([1, 2], {
      databases,
      samples: looks([1, 2], pools),
      servers: [held(1, {database: 'shop'}), held(2, {database: 'forced', user: 'owner'})],
      clients: [clients(2, {database: 'shop'}), clients(1, {database: 'forced', user: 'guest'})],
    })
    const all = [...pooled(2), ...direct(3, {user: 'owner'})]
    expect(outcome(check({sessions: all, poolers: [given]}))).toEqual(['high role "owner" in database "ahsp"'])
    const guests = [...pooled(2), ...direct(3, {user: 'guest'})]
    expect(outcome(check({sessions: guests, poolers: [given]}))).toEqual(['high role "guest" in database "ahsp"'])
    const [fix] = only(check({sessions: [...pooled(2), ...direct(3)], poolers: [given]})).fixes
    expect(fix?.kind === 'app' && fix.by.django?.lines).toContain("'NAME': 'shop',")
  })

  it('processes that were not read: their backends are nobody past the pooler', () => {
    const other = direct(5, {clientAddr: '10.0.0.5'})
    const given = {sessions: [...pooled(5), ...other, ...direct(1)], poolers: [through(pids(5))]}
    expect(outcome(check(given))).toEqual([`high ${APP}`])
    expect(outcome(check({...given, context: {poolerProcesses: 2}}))).toEqual([])
    const peers = [1, 2].map(id => ({id, host: '/tmp', port: 6432}))
    expect(outcome(check({...given, poolers: [through(pids(5), {peers})]}))).toEqual([])
  })

  it('cannot judge by ids of another server, nor when a console failed', () => {
    expect(outcome(check({sessions: direct(5), poolers: [through([7, 8])]}))).toEqual(['cannot judge'])
    const sections = {activity: activity([]), roles: [], poolers: {...ok([idle()]), total: 2}}
    expect(outcome(judge(bypass, sections))).toEqual(['cannot judge'])
  })
})

describe('pooler/bypass by counters, when nobody is connected any more', () => {
  const counted = (sessions: number | null, seconds = 3600) => [database('ahsp', {sessions, statsReset: NOW - seconds})]
  const used = (transactions: number) => idle({samples: looks([], [pool()], transactions)})

  it.each<[string, Given, string[]]>([
    ['hundreds, and nothing through', {databases: counted(250)}, ['medium database "ahsp"']],
    ['too few', {databases: counted(150)}, []],
    ['spread over a week: monitoring', {databases: counted(9000, 7 * 86_400)}, []],
    ['the pooler worked', {databases: counted(250), poolers: [used(5000)]}, []],
    ['next to nothing through', {databases: counted(400), poolers: [used(12)]}, ['medium database "ahsp"']],
    ['before 14', {databases: counted(null)}, []],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(given))).toEqual(expected)
  })

  it('watched: a connection for each request, and no transaction meanwhile', () => {
    const earlier = (sessions: number): Window => ({
      seconds: 2,
      before: {at: NOW - 2, databases: [database('ahsp', {sessions})], checkpoints: null},
    })
    const databases = [database('ahsp', {sessions: 1000})]
    const finding = only(check({databases, window: earlier(950)}))
    expect(finding).toMatchObject({severity: 'high', confidence: 'measured'})
    expect(outcome(check({databases, window: earlier(995)}))).toEqual([])
    const filled = idle({samples: [sample(), sample({at: 2, remotePids: Array.from({length: 45}, (_, i) => i + 1)})]})
    expect(outcome(check({databases, window: earlier(950), poolers: [filled]}))).toEqual([])
  })

  it('against a baseline: measured; one from before a restart of PgBouncer is none', () => {
    const baseline = (transactions: number) => ({
      file: 'before.json',
      snapshot: {
        sections: {
          server: ok(server({now: NOW - 600})),
          databases: ok([database('ahsp', {sessions: 100})]),
          poolers: ok([used(transactions)]),
        },
      },
    })
    const given = {databases: [database('ahsp', {sessions: 500})], poolers: [used(800)]}
    const finding = only(check({...given, context: {baseline: baseline(800)}}))
    expect(finding).toMatchObject({severity: 'high', confidence: 'measured'})
    expect(finding.title).toContain('400 sessions')
    expect(outcome(check({...given, context: {baseline: baseline(300)}}))).toEqual([])
    expect(outcome(check({...given, context: {baseline: baseline(9000)}}))).toEqual([])
  })
})

describe("pooler/bypass: the application's fix", () => {
  const fixFor = (part: Partial<Pooler>, of: Partial<Session> = {}) => {
    const [finding] = findingsOf(check({sessions: direct(3, {backendStart: OLD, ...of}), poolers: [idle(part)]}))
    const fix = finding?.fixes[0]
    if (fix?.kind !== 'app') throw new Error('an app fix is wanted')
    return fix.by
  }

  it('host and port for Django, with what transaction mode asks for', () => {
    expect(fixFor({}).django?.lines).toEqual([
      "'HOST': os.environ.get('PGBOUNCER_HOST', '10.0.0.5'),",
      "'PORT': os.environ.get('PGBOUNCER_PORT', '6432'),",
      "'DISABLE_SERVER_SIDE_CURSORS': True,",
    ])
    const bySession = fixFor({databases: [entry({poolMode: 'session'})]})
    expect(bySession.django?.lines).toHaveLength(2)
    expect(bySession.rails?.lines).toEqual(['host: 10.0.0.5', 'port: 6432'])
  })

  it('a URL without the password, quoted where it must be', () => {
    const by = fixFor({target: {host: 'fd00::5', port: 6432, user: 'stats'}}, {user: 'a@b'})
    expect(by.plain.lines).toEqual(['DATABASE_URL="postgres://a%40b:<password>@[fd00::5]:6432/ahsp"'])
    expect(by.prisma?.lines[0]).toContain('?pgbouncer=true')
    const new_ = {
      versionNum: 12400,
      config: [{name: 'max_prepared_statements', value: '200', default: null, isReloadable: true}],
    }
    expect(fixFor(new_).prisma?.lines[0]).not.toContain('pgbouncer=true')
  })

  it('a pooler that was read on its own machine has another address for others', () => {
    const target = {host: '127.0.0.1', port: 6432, user: 'stats'}
    expect(fixFor({target}).plain.lines[0]).toContain("<PgBouncer's host>")
    expect(fixFor({target}, {clientAddr: '127.0.0.1'}).plain.lines[0]).toContain('@127.0.0.1:6432')
  })
})

it('pooler/over-committed: pools that fit once the application comes through them are not to be shrunk', () => {
  const given = {settings: connectionSettings(43), poolers: [idle()], roles: ok([role('app')])}
  const past = only(judge(overCommitted, {...given, activity: ok(activity(direct(30)))}))
  expect(past.fixes).toMatchObject([{kind: 'action', title: 'Bring the application through the pooler'}])
  const tools = activity(direct(30, {application: 'psql', user: 'boss'}))
  expect(only(judge(overCommitted, {...given, activity: ok(tools)})).fixes[0]).not.toMatchObject({kind: 'action'})
})
