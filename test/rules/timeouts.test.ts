import {describe, expect, it} from 'vitest'
import idleInTransaction from '../../src/rules/timeouts/idle-in-transaction.js'
import lock from '../../src/rules/timeouts/lock.js'
import statement from '../../src/rules/timeouts/statement.js'
import type {FileSetting, Role, RoleSetting, Session, Setting} from '../../src/snapshot.js'
import {activity, judge, ok, only, outcome, role, roleSetting, server, session, setting} from './sections.js'

const NAME = 'statement_timeout'

type Case = {
  value?: number
  part?: Partial<Setting>
  own?: RoleSetting[]
  roles?: Role[]
  sessions?: Session[] | null
  file?: FileSetting[]
  more?: Setting[]
  rule?: unknown
  name?: string
}

function check({value = 0, part, own = [], roles = [role('app')], sessions = [session(1)], ...rest}: Case) {
  const {file, more = [], rule = statement, name = NAME} = rest
  return judge(rule, {
    settings: [setting(name, value, part), ...more],
    roles,
    roleSettings: own,
    ...(sessions && {activity: ok(activity(sessions))}),
    ...(file && {fileSettings: ok(file)}),
  })
}

const as = (user: string, part: Partial<Session> = {}) => session(user.length, {user, ...part})
const FIRES = [`medium ${NAME}`]
const LOW = [`low ${NAME}`]

describe('timeouts/statement', () => {
  it.each<[string, Case, string[]]>([
    ['none', {}, FIRES],
    ['30 s', {value: 30_000}, []],
    ['5 min', {value: 300_000}, []],
    ['longer', {value: 300_001}, LOW],
    ['the role has one', {own: [roleSetting('app', null, NAME, '30s')]}, []],
    ['the database has one', {own: [roleSetting(null, 'ahsp', NAME, '30000')]}, []],
    ['another database has one', {own: [roleSetting(null, 'other', NAME, '30s')]}, FIRES],
    ['all roles have one', {own: [roleSetting(null, null, NAME, '1min')]}, []],
    [
      'role beats database',
      {own: [roleSetting('app', null, NAME, '0'), roleSetting(null, 'ahsp', NAME, '30s')]},
      FIRES,
    ],
    [
      'role in database beats role',
      {own: [roleSetting('app', null, NAME, '0'), roleSetting('app', 'ahsp', NAME, '30s')]},
      [],
    ],
    ['transaction_timeout does the same (17 and later)', {more: [setting('transaction_timeout', 60_000)]}, []],
    [
      'migrations run without one on purpose',
      {
        value: 30_000,
        own: [roleSetting('migrate', null, NAME, '0')],
        roles: [role('app'), role('migrate')],
        sessions: [as('app'), as('migrate')],
      },
      [],
    ],
    [
      'a role that is not used has none',
      {own: [roleSetting('app', null, NAME, '30s')], roles: [role('app'), role('report')]},
      [],
    ],
    [
      'nobody is connected, one role is bounded',
      {own: [roleSetting('app', null, NAME, '30s')], roles: [role('app'), role('report')], sessions: []},
      [],
    ],
    [
      'an application that is superuser',
      {roles: [role('postgres', {isSuperuser: true})], sessions: [as('postgres')]},
      FIRES,
    ],
    [
      'an administrator beside the application',
      {
        own: [roleSetting('app', null, NAME, '30s')],
        roles: [role('app'), role('postgres', {isSuperuser: true})],
        sessions: [as('app'), as('postgres')],
      },
      [],
    ],
    [
      'sessions in another database',
      {
        own: [roleSetting('b', null, NAME, '30s')],
        roles: [role('app'), role('b')],
        sessions: [as('app', {database: 'other'}), as('b')],
      },
      [],
    ],
  ])('%s', (_, given, expected) => {
    expect(outcome(check(given))).toEqual(expected)
  })

  it('behind a pooler, which refuses or drops start-up options, only for the role', () => {
    const kinds = (more: object) => only(judge(statement, {...input, ...more})).fixes.map(({kind}) => kind)
    const input = {
      settings: [setting(NAME, 0)],
      roles: [role('app')],
      roleSettings: [],
      activity: ok(activity([session(1)])),
    }
    expect(kinds({})).toEqual(['setting', 'app'])
    expect(kinds({poolers: ok([])})).toEqual(['setting'])
  })

  it("our own role's value says nothing about others", () => {
    const part = {source: 'user', bootValue: '0'}
    const line = {file: 'postgresql.conf', line: 1, name: NAME, value: '20s', applied: true, error: null}
    expect(outcome(check({value: 5000, part}))).toEqual(['cannot judge'])
    expect(outcome(check({value: 5000, part, file: []}))).toEqual(FIRES)
    expect(check({value: 5000, part, file: [line]})).toMatchObject({summary: 'statement_timeout = 20 s for role "app"'})
  })

  it('hidden sessions: how many a role has is visible to all', () => {
    const roles = [role('app', {connections: 3}), role('report')]
    expect(outcome(check({roles, sessions: null, own: [roleSetting('app', null, NAME, '30s')]}))).toEqual([])
    expect(outcome(check({roles, sessions: null, own: [roleSetting('report', null, NAME, '30s')]}))).toEqual(FIRES)
  })

  it('the fix is for the one role, for each that has a value of its own, else for the server', () => {
    const target = (given: Case) =>
      only(check(given)).fixes.flatMap(fix => (fix.kind === 'setting' ? [fix.role ?? 'server'] : []))
    const two = {roles: [role('app'), role('job')], sessions: [as('app'), as('job', {pid: 9})]}
    expect(target({})).toEqual(['app'])
    expect(target(two)).toEqual(['server'])
    expect(target({...two, own: [roleSetting(null, 'ahsp', NAME, '1h')]})).toEqual(['app', 'job'])
    expect(only(check({sessions: []})).confidence).toBe('estimated')
    expect(only(judge(statement, {...sectionsOfNobody})).fixes[0]).toMatchObject({role: 'me'})
  })
})

const sectionsOfNobody = {
  server: server({user: 'me'}),
  settings: [setting(NAME, 0)],
  roles: [role('me')],
  roleSettings: [],
}

describe('timeouts/idle-in-transaction and timeouts/lock', () => {
  const IDLE = 'idle_in_transaction_session_timeout'
  it.each<[unknown, string, number, string[]]>([
    [idleInTransaction, IDLE, 0, [`medium ${IDLE}`]],
    [idleInTransaction, IDLE, 600_000, []],
    [idleInTransaction, IDLE, 600_001, [`low ${IDLE}`]],
    [lock, 'lock_timeout', 0, ['low lock_timeout']],
    [lock, 'lock_timeout', 60_000, []],
    [lock, 'lock_timeout', 60_001, ['low lock_timeout']],
  ])('%#: %s = %i', (rule, name, value, expected) => {
    expect(outcome(check({rule, name, value}))).toEqual(expected)
  })
})
