import {describe, expect, it} from 'vitest'
import {requiredStandbys} from '../../src/derive/replication.js'
import lag from '../../src/rules/replication/lag.js'
import slots from '../../src/rules/replication/slots.js'
import standbyConflicts from '../../src/rules/replication/standby-conflicts.js'
import synchronous from '../../src/rules/replication/synchronous.js'
import type {Replica, ReplicationSlot, Standby, StandbyConflicts} from '../../src/snapshot.js'
import {slot} from './objects.js'
import {activity, findingsOf, hidden, judge, NOW, ok, outcome, server, session, setting} from './sections.js'

const GB = 1024 ** 3
const DAY = 86_400

const replica = (part: Partial<Replica> = {}): Replica => ({
  pid: 1,
  user: 'replicator',
  application: 'replica',
  clientAddr: '10.0.0.9',
  state: 'streaming',
  syncState: 'async',
  sentLag: 0,
  replayLag: 0,
  replayLagSeconds: null,
  xminAge: null,
  ...part,
})
const standby = (part: Partial<Standby> = {}): Standby => ({
  receivedBytesAhead: null,
  lastReplayedAt: null,
  isPaused: false,
  isStreaming: false,
  conflicts: [],
  ...part,
})

describe('replication/lag', () => {
  it.each<[string, Partial<Replica>, string[]]>([
    ['close', {replayLag: GB - 1, replayLagSeconds: 59}, []],
    ['in bytes', {replayLag: GB}, ['medium standby "replica"']],
    ['in time', {replayLagSeconds: 60}, ['medium standby "replica"']],
    ['far', {replayLag: 10 * GB}, ['high standby "replica"']],
    ['a base backup', {replayLag: 20 * GB, state: 'backup'}, []],
    ['meant to lag', {replayLag: 20 * GB, application: 'delayed'}, []],
    ['without a name', {replayLag: GB, application: ''}, ['medium standby "10.0.0.9"']],
  ])('on the primary: %s', (_, part, expected) => {
    const sections = {settings: [], replicas: [replica(part)], standby: standby()}
    expect(outcome(judge(lag, sections, {options: {ignore: ['delayed']}}))).toEqual(expected)
  })

  const here = (part: Partial<Standby>, settings = [setting('restore_command', '')]) =>
    outcome(judge(lag, {server: server({inRecovery: true}), settings, replicas: [], standby: standby(part)}))
  const streaming = {isStreaming: true, receivedBytesAhead: 0, lastReplayedAt: NOW - DAY}
  it.each<[string, string[], string[]]>([
    ['an idle primary', here(streaming), []],
    ['behind', here({...streaming, receivedBytesAhead: 100, lastReplayedAt: NOW - 90}), ['medium this standby']],
    [
      'delayed on purpose',
      here({...streaming, receivedBytesAhead: 100, lastReplayedAt: NOW - 90}, [
        setting('recovery_min_apply_delay', 60_000, {unit: 'ms'}),
      ]),
      [],
    ],
    [
      'paused',
      here({...streaming, receivedBytesAhead: 100, lastReplayedAt: NOW - 5, isPaused: true}),
      ['medium this standby'],
    ],
    ['paused, nothing waits', here({...streaming, isPaused: true}), []],
    ['cut off', here({...streaming, isStreaming: false}), ['high this standby']],
    ['cut off a moment ago', here({...streaming, isStreaming: false, lastReplayedAt: NOW - 60}), []],
    ['fed from an archive', here({...streaming, isStreaming: false}, [setting('restore_command', '<redacted>')]), []],
  ])('on the standby: %s', (_, found, expected) => expect(found).toEqual(expected))
})

describe('replication/slots', () => {
  const check = (part: Partial<ReplicationSlot>, keep: number | null = -1) =>
    outcome(
      judge(slots, {
        settings: keep === null ? [] : [setting('max_slot_wal_keep_size', keep, {unit: 'MB'})],
        slots: [slot('s', part)],
      }),
    )
  it.each<[string, string[], string[]]>([
    ['in use', check({active: true, retainedBytes: 5 * GB}), []],
    ['unused, little', check({retainedBytes: GB / 2}), []],
    ['unused', check({retainedBytes: GB}), ['medium slot "s"']],
    ['unused, much, no limit', check({retainedBytes: 10 * GB}), ['high slot "s"']],
    ['in use, much, no limit', check({active: true, retainedBytes: 10 * GB}), ['high slot "s"']],
    ['in use, much, limited', check({active: true, retainedBytes: 10 * GB}, 50_000), []],
    ['before 13 nothing limits it', check({retainedBytes: 10 * GB}, null), ['high slot "s"']],
    ['about to be lost', check({active: true, walStatus: 'unreserved'}, 1000), ['high slot "s"']],
    ['lost', check({walStatus: 'lost', retainedBytes: null}, 1000), ['medium slot "s"']],
    ['invalidated', check({invalidationReason: 'idle_timeout'}), ['medium slot "s"']],
    ['unused for days', check({inactiveSince: NOW - 4 * DAY}), ['low slot "s"']],
    ['copied from the primary', check({inactiveSince: NOW - 4 * DAY, isSynced: true}), []],
  ])('%s', (_, found, expected) => expect(found).toEqual(expected))
  it('a lost slot is dropped, not limited', () => {
    const sections = {settings: [setting('max_slot_wal_keep_size', -1)], slots: [slot("it's", {walStatus: 'lost'})]}
    expect(findingsOf(judge(slots, sections))[0]!.fixes).toMatchObject([
      {statements: ["SELECT pg_drop_replication_slot('it''s')"], undo: [expect.stringContaining('physical')]},
    ])
  })
})

describe('replication/standby-conflicts', () => {
  const conflicts = (part: Partial<StandbyConflicts>): StandbyConflicts => ({
    database: 'ahsp',
    tablespace: 0,
    lock: 0,
    snapshot: 0,
    bufferPin: 0,
    deadlock: 0,
    logicalSlot: null,
    statsReset: NOW - DAY,
    ...part,
  })
  const check = (part: Partial<StandbyConflicts>, feedback = 'off', inRecovery = true) =>
    judge(standbyConflicts, {
      server: server({inRecovery}),
      settings: [setting('hot_standby_feedback', feedback), setting('max_standby_streaming_delay', 30_000)],
      standby: standby({conflicts: [conflicts(part)]}),
    })
  it.each<[string, Partial<StandbyConflicts>, string[]]>([
    ['none', {}, []],
    ['now and then', {snapshot: 23}, []],
    ['every hour', {snapshot: 24}, ['medium database "ahsp"']],
    ['all the time', {lock: 24 * 60}, ['high database "ahsp"']],
    ['few, just now', {snapshot: 9, statsReset: NOW - 60}, []],
  ])('%s', (_, part, expected) => expect(outcome(check(part))).toEqual(expected))
  it('not on a primary', () => expect(outcome(check({snapshot: 1000}, 'off', false))).toEqual([]))
  it.each([
    ['removed rows', {snapshot: 100}, 'off', 'hot_standby_feedback'],
    ['removed rows, with feedback', {snapshot: 100}, 'on', 'max_standby_streaming_delay'],
    ['locks', {lock: 100}, 'off', 'max_standby_streaming_delay'],
  ])('%s: its fix', (_, part, feedback, name) => {
    expect(findingsOf(check(part, feedback))[0]!.fixes[0]).toMatchObject({name})
  })
})

describe('replication/synchronous', () => {
  const check = (names: string, replicas: Replica[], sessions: unknown, commit = 'on') =>
    outcome(
      judge(synchronous, {
        settings: [setting('synchronous_standby_names', names), setting('synchronous_commit', commit)],
        replicas,
        activity: sessions,
      }),
    )
  const sync = replica({syncState: 'sync'})
  const waiting = ok(activity([session(1, {waitEventType: 'IPC', waitEvent: 'SyncRep'})]))
  const quiet = ok(activity([]))
  it.each<[string, string[], string[]]>([
    ['not asked for', check('', [], quiet), []],
    ['there', check('replica', [sync], quiet), []],
    ['nobody', check('replica', [], quiet), ['high synchronous_standby_names']],
    ['nobody, and sessions wait', check('replica', [], waiting), ['critical synchronous_standby_names']],
    ['nobody, sessions hidden', check('replica', [], hidden), ['high synchronous_standby_names']],
    ['one of two', check('ANY 2 (a, b)', [replica({syncState: 'quorum'})], quiet), ['high synchronous_standby_names']],
    ['still catching up', check('*', [{...sync, state: 'catchup'}], quiet), ['high synchronous_standby_names']],
    ['commits are local', check('replica', [], quiet, 'local'), []],
    ['local for us, but others wait', check('replica', [], waiting, 'off'), ['critical synchronous_standby_names']],
  ])('%s', (_, found, expected) => expect(found).toEqual(expected))
  it.each([
    ['', 0],
    ['*', 1],
    ['a, b', 1],
    ['2 (a, b)', 2],
    ['FIRST 3 (a, b, c)', 3],
    ['any 1 (a, b)', 1],
    ['"first" , b', 1],
  ])('%s: %d must confirm', (names, required) => expect(requiredStandbys(names)).toBe(required))
})
