import {describe, expect, it} from 'vitest'
import blockedRule from '../../src/rules/sessions/blocked.js'
import idleInTransaction from '../../src/rules/sessions/idle-in-transaction.js'
import longQuery from '../../src/rules/sessions/long-query.js'
import longTransaction from '../../src/rules/sessions/long-transaction.js'
import type {BlockedSession, Session} from '../../src/snapshot.js'
import {activity, blocked, judge, NOW, ok, only, outcome, roleSetting, session, setting} from './sections.js'

const IDLE = 'idle in transaction'
const TIMEOUT = 'idle_in_transaction_session_timeout'

/** idle for `seconds`, in a transaction that is a second older */
const idle = (pid: number, seconds: number, part: Partial<Session> = {}) =>
  session(pid, {state: IDLE, stateChange: NOW - seconds, xactStart: NOW - seconds - 1, ...part})

/** in a transaction of several statements, `seconds` old */
const working = (pid: number, seconds: number, part: Partial<Session> = {}) =>
  session(pid, {state: 'active', xactStart: NOW - seconds, queryStart: NOW - 1, stateChange: NOW - 1, ...part})

const running = (pid: number, seconds: number, part: Partial<Session> = {}) =>
  working(pid, seconds, {queryStart: NOW - seconds, stateChange: NOW - seconds, ...part})

describe('sessions/idle-in-transaction', () => {
  const check = (sessions: Session[], rows: BlockedSession[] = []) =>
    judge(idleInTransaction, {activity: activity(sessions), blocking: ok(rows)})

  it.each<[string, Session[], BlockedSession[], string[]]>([
    ['nothing', [session(1)], [], []],
    ['short', [idle(1, 59)], [], []],
    ['medium', [idle(1, 60)], [], ['medium role "app"']],
    ['high', [idle(1, 300)], [], ['high role "app"']],
    ['aborted counts too', [idle(1, 60, {state: 'idle in transaction (aborted)'})], [], ['medium role "app"']],
    ['others wait', [idle(1, 60)], [blocked(2, [1])], ['high role "app"']],
    ['vacuum waits', [idle(1, 60, {xminAge: 1_000_000})], [], ['high role "app"']],
    ['an idle connection of a pool', [session(1, {stateChange: NOW - 9000})], [], []],
    ['this tool', [idle(1, 600, {application: 'ahsp-db'})], [], []],
    ['replication', [idle(1, 600, {backendType: 'walsender'})], [], []],
    ['roles apart', [idle(1, 60), idle(2, 70, {user: 'job'})], [], ['medium role "job"', 'medium role "app"']],
  ])('%s', (_, sessions, rows, expected) => {
    expect(outcome(check(sessions, rows))).toEqual(expected)
  })

  it('names the sessions, groups them by role, and ends exactly those', () => {
    const finding = only(check([idle(7, 100, {application: 'celery', query: 'UPDATE  x\n SET y = $1'}), idle(8, 200)]))
    expect(finding.title).toBe('Role "app": 2 sessions idle in transaction, the longest for 3 min 20 s')
    expect(finding.evidence.map(({label}) => label)).toContain('pid 7, "celery" from 10.0.0.3')
    expect(finding.fixes.at(-1)).toMatchObject({
      statements: [expect.stringMatching(/pid IN \(8, 7\) AND state LIKE 'idle in transaction%' AND state_change < /)],
    })
  })

  it.each<[string, ReturnType<typeof setting>[], ReturnType<typeof roleSetting>[], boolean]>([
    ['none', [setting(TIMEOUT, 0)], [], true],
    ['the server has one', [setting(TIMEOUT, 60_000)], [], false],
    ['the role has one', [setting(TIMEOUT, 0)], [roleSetting('app', null, TIMEOUT, '1min')], false],
    ['the role has none of its own', [setting(TIMEOUT, 60_000)], [roleSetting('app', null, TIMEOUT, '0')], true],
  ])('asks for a timeout where there is none: %s', (_, settings, roleSettings, expected) => {
    const given = {activity: activity([idle(1, 60)]), settings: ok(settings), roleSettings: ok(roleSettings)}
    const {fixes} = only(judge(idleInTransaction, given))
    expect(fixes.some(fix => fix.kind === 'setting' && fix.name === TIMEOUT && fix.role === 'app')).toBe(expected)
  })
})

describe('sessions/long-transaction', () => {
  const check = (sessions: Session[]) => judge(longTransaction, {activity: activity(sessions)})

  it.each<[string, Session[], string[]]>([
    ['short', [working(1, 299)], []],
    ['medium', [working(1, 300)], ['medium role "app"']],
    ['high', [working(1, 1800)], ['high role "app"']],
    ['vacuum waits', [working(1, 300, {xminAge: 2_000_000})], ['high role "app"']],
    ['between two statements', [idle(1, 5, {xactStart: NOW - 400})], ['medium role "app"']],
    ['forgotten: the other rule', [idle(1, 300)], []],
    ['one long query: the other rule', [running(1, 4000)], []],
    ['blocked: the other rule', [working(1, 400, {waitEventType: 'Lock'})], []],
    ['a backup', [working(1, 4000, {application: 'pg_dump'})], []],
    ['vacuum', [working(1, 4000, {query: 'VACUUM ANALYZE big'})], []],
    ['autovacuum', [working(1, 4000, {backendType: 'autovacuum worker', user: null})], []],
    ['replication', [working(1, 4000, {backendType: 'walsender'})], []],
  ])('%s', (_, sessions, expected) => {
    expect(outcome(check(sessions))).toEqual(expected)
  })
})

describe('sessions/long-query', () => {
  const check = (sessions: Session[], more = {}) => judge(longQuery, {activity: activity(sessions), ...more})

  it.each<[string, Session[], string[]]>([
    ['short', [running(1, 59)], []],
    ['low', [running(1, 60)], ['low role "app"']],
    ['medium', [running(1, 300)], ['medium role "app"']],
    ['high', [running(1, 1800)], ['high role "app"']],
    ['idle since long', [running(1, 1800, {state: 'idle'})], []],
    ['waits for a lock: sessions/blocked', [running(1, 1800, {waitEventType: 'Lock'})], []],
    ['builds an index', [running(1, 1800, {query: '  create unique index CONCURRENTLY i ON t (a)'})], []],
    ['a backup', [running(1, 1800, {application: 'pg_dump'})], []],
    ['a parallel worker', [running(1, 1800, {backendType: 'parallel worker'})], []],
    ['several of one role', [running(1, 90), running(2, 400)], ['medium role "app"']],
  ])('%s', (_, sessions, expected) => {
    expect(outcome(check(sessions))).toEqual(expected)
  })

  it('cancels, and asks for a statement_timeout only where there is none', () => {
    const kinds = (value: number) => {
      const settings = ok([setting('statement_timeout', value)])
      return only(check([running(1, 90)], {settings, roleSettings: ok([])})).fixes.map(({kind}) => kind)
    }
    expect(kinds(0)).toEqual(['setting', 'sql', 'action'])
    expect(kinds(600_000)).toEqual(['sql', 'action'])
  })
})

describe('sessions/blocked', () => {
  const check = (blocking: BlockedSession[], sessions?: Session[]) =>
    judge(blockedRule, {blocking, ...(sessions && {activity: ok(activity(sessions))})})
  const TABLE = '"public"."dashboard_project"'
  const queue = (count: number, waitedFor: number) =>
    Array.from({length: count}, (_, i) => blocked(i + 2, [i + 1], {waitedFor}))

  it.each<[string, BlockedSession[], string[]]>([
    ['nobody waits', [], []],
    ['a short wait', [blocked(2, [1], {waitedFor: 9})], []],
    ['medium', queue(2, 10), [`medium ${TABLE}`]],
    ['three wait', queue(3, 10), [`high ${TABLE}`]],
    ['a minute', queue(1, 60), [`high ${TABLE}`]],
    ['ten for a minute', queue(10, 60), [`critical ${TABLE}`]],
    ['no relation', [blocked(2, [1], {relation: null})], ['medium role "app"']],
    ['a prepared transaction', [blocked(2, [0], {relation: null})], ['medium prepared transactions']],
    ['since when is hidden (before 14)', [blocked(2, [1], {waitedFor: null})], ['cannot judge']],
    ['a deadlock is not ours', [blocked(1, [2]), blocked(2, [1])], []],
    ['two heads, one table', [blocked(2, [1]), blocked(4, [3], {waitedFor: 70})], [`high ${TABLE}`]],
    [
      'two heads, two tables',
      [blocked(2, [1]), blocked(4, [3], {relation: '"public"."other"'})],
      [`medium ${TABLE}`, 'medium "public"."other"'],
    ],
  ])('%s', (_, rows, expected) => {
    expect(outcome(check(rows))).toEqual(expected)
  })

  it('names the head of the queue, not those who stand in it', () => {
    const rows = queue(3, 20)
    const sessions = [
      idle(1, 90, {application: 'celery', query: 'UPDATE dashboard_project'}),
      running(2, 20),
      running(3, 20),
    ]
    const finding = only(check(rows, sessions))
    expect(finding.title).toBe('Pid 1 (role "app" as "celery") has held up 3 others for 20 s')
    expect(finding.detail).toContain('idle in transaction for 1 min 30 s')
    expect(finding.detail).toContain('Statement: UPDATE dashboard_project')
    expect(finding.fixes[0]).toMatchObject({statements: [expect.stringContaining('pg_terminate_backend(1)')]})
  })

  it('sees it without privileges, and says what is hidden', () => {
    const finding = only(check(queue(2, 20)))
    expect(finding.title).toContain('Pid 1 (role "app" as "celery")')
    expect(finding.detail).toContain('GRANT pg_monitor')
  })

  it('a running head is cancelled, not ended', () => {
    const finding = only(check(queue(2, 20), [running(1, 30)]))
    expect(finding.fixes[0]).toMatchObject({statements: [expect.stringContaining('pg_cancel_backend(1)')]})
  })
})
