import {describe, expect, it} from 'vitest'
import ioTiming from '../../src/rules/observability/io-timing.js'
import overriddenSetting from '../../src/rules/observability/overridden-setting.js'
import pendingRestart from '../../src/rules/observability/pending-restart.js'
import shortWindow from '../../src/rules/observability/short-window.js'
import statementsUnavailable from '../../src/rules/observability/statements-unavailable.js'
import type {FileSetting, RoleSetting, Setting, StatementsInfo} from '../../src/snapshot.js'
import {database, findingsOf, hidden, judge, NOW, ok, only, outcome, roleSetting, server, setting} from './sections.js'

const CONF = '/etc/postgresql/15/main/postgresql.conf'
const AUTO = '/var/lib/postgresql/15/main/postgresql.auto.conf'
const line = (name: string, value: string, file = CONF, number = 10): FileSetting => ({
  file,
  line: number,
  name,
  value,
  applied: true,
  error: null,
})

describe('observability/io-timing', () => {
  it.each([
    ['on', []],
    ['off', ['low track_io_timing']],
  ])('%s', (value, expected) => {
    expect(outcome(judge(ioTiming, {settings: [setting('track_io_timing', value)]}))).toEqual(expected)
  })
})

describe('observability/short-window', () => {
  const check = (statsReset: number | null, clusterWide?: number | null) =>
    judge(shortWindow, {
      server: server({startedAt: NOW - 60}),
      databases: [database('postgres', {statsReset: NOW}), database('ahsp', {statsReset})],
      ...(clusterWide !== undefined && {checkpoints: ok({statsReset: clusterWide})}),
    })

  it.each<[string, number | null, number | null | undefined, string[]]>([
    ['an hour', NOW - 3600, undefined, []],
    ['less', NOW - 3599, undefined, ['info database "ahsp"']],
    ['never reset: long before the restart', null, NOW - 86_400, []],
    ['never reset, young cluster or crash', null, NOW - 600, ['cannot judge']],
    ['never reset, only the start is known', null, undefined, ['cannot judge']],
  ])('%s', (_, statsReset, clusterWide, expected) => {
    expect(outcome(check(statsReset, clusterWide))).toEqual(expected)
  })

  it('says that "never reset" is a lower bound', () => {
    expect(check(null)).toMatchObject({cannotJudge: expect.stringMatching(/never reset.*at least 1 min.*start/)})
  })
})

describe('observability/pending-restart', () => {
  const pending = setting('max_connections', 100, {pendingRestart: true, context: 'postmaster'})

  it('names every setting that waits, with the value that comes', () => {
    const settings = [pending, setting('work_mem', 4096), {...pending, name: 'wal_level', value: 'replica'}]
    const files = [line('max_connections', '150'), line('Max_Connections', '200', AUTO), line('wal_level', 'logical')]
    const findings = findingsOf(judge(pendingRestart, {settings, fileSettings: ok(files)}))
    expect(findings.map(({title}) => title)).toEqual([
      'max_connections = 200 waits for a restart',
      'wal_level = logical waits for a restart',
    ])
    expect(findings[0]!.fixes[0]).toMatchObject({kind: 'setting', to: '200'})
  })

  it.each([
    ['files hidden', undefined, /may not read/],
    ['the line was removed', [], /default follows/],
  ])('still tells it with %s', (_, files, detail) => {
    const finding = only(judge(pendingRestart, {settings: [pending], ...(files && {fileSettings: ok(files)})}))
    expect(finding).toMatchObject({detail: expect.stringMatching(detail), fixes: [{kind: 'action'}]})
  })
})

describe('observability/overridden-setting', () => {
  const workMem = setting('work_mem', 16384, {unit: 'kB', bootValue: '4096'})
  const check = (settings: Setting[], files: FileSetting[] | null, roles: RoleSetting[] = []) =>
    judge(overriddenSetting, {settings, ...(files && {fileSettings: ok(files)}), roleSettings: ok(roles)})
  const SHARED = setting('shared_buffers', 524_288, {unit: '8kB', bootValue: '1024'})
  const flag = (value: string, part: Partial<Setting> = {}) =>
    setting('jit', value, {vartype: 'bool', bootValue: 'on', ...part})

  it.each<[string, Setting[], FileSetting[] | null, RoleSetting[], string[]]>([
    ['one line', [workMem], [line('work_mem', '16MB')], [], []],
    ['auto.conf wins', [workMem], [line('work_mem', '8MB'), line('work_mem', '16MB', AUTO)], [], ['low work_mem']],
    [
      'auto.conf says the same in other units',
      [workMem],
      [line('work_mem', '16384'), line('work_mem', '16MB', AUTO)],
      [],
      [],
    ],
    [
      'the same line twice',
      [workMem],
      [line('work_mem', '8MB', CONF, 1), line('work_mem', '16MB')],
      [],
      ['low work_mem'],
    ],
    [
      'names in another case',
      [workMem],
      [line('Work_Mem', '8MB', CONF, 1), line('work_mem', '16MB')],
      [],
      ['low work_mem'],
    ],
    [
      'initdb wrote the losing line',
      [SHARED],
      [line('shared_buffers', '128MB'), line('shared_buffers', '4GB', AUTO)],
      [],
      [],
    ],
    ['on and yes', [flag('off')], [line('jit', 'no'), line('jit', 'off', AUTO)], [], []],
    [
      'a syntax error is no line',
      [workMem],
      [{...line('work_mem', 'x'), error: 'syntax error'}, line('work_mem', '16MB')],
      [],
      [],
    ],
    ['the command line wins', [{...workMem, source: 'command line'}], [line('work_mem', '8MB')], [], ['low work_mem']],
    [
      'a role has another',
      [workMem],
      [line('work_mem', '16MB')],
      [roleSetting('app', null, 'work_mem', '64MB')],
      ['info work_mem'],
    ],
    ['a role has the same', [workMem], [line('work_mem', '16MB')], [roleSetting('app', null, 'work_mem', '16384')], []],
    [
      'a role has one, the file has none',
      [{...workMem, source: 'default'}],
      [],
      [roleSetting('app', null, 'work_mem', '64MB')],
      [],
    ],
    [
      'sessions choose their time zone',
      [setting('TimeZone', 'UTC')],
      [line('timezone', 'UTC')],
      [roleSetting('app', null, 'TimeZone', 'Asia/Jakarta')],
      [],
    ],
    ['files hidden, nothing else', [workMem], null, [], ['cannot judge']],
    [
      'files hidden, a role has another',
      [workMem],
      null,
      [roleSetting(null, 'ahsp', 'work_mem', '64MB')],
      ['info work_mem'],
    ],
    [
      "files hidden, the value is our own role's",
      [{...workMem, source: 'user'}],
      null,
      [roleSetting('me', null, 'work_mem', '16MB')],
      ['cannot judge'],
    ],
  ])('%s', (_, settings, files, roles, expected) => {
    expect(outcome(check(settings, files, roles))).toEqual(expected)
  })

  it('gives the statement for what SQL can undo, and words for lines', () => {
    const auto = only(check([workMem], [line('work_mem', '8MB'), line('work_mem', '16MB', AUTO)]))
    expect(auto.fixes[0]).toMatchObject({
      statements: ['ALTER SYSTEM RESET work_mem', 'SELECT pg_reload_conf()'],
      undo: ["ALTER SYSTEM SET work_mem = '16MB'", 'SELECT pg_reload_conf()'],
    })
    const roles = [roleSetting('a"b', 'ahsp', 'work_mem', '64MB'), roleSetting(null, null, 'work_mem', '1MB')]
    expect(only(check([workMem], [line('work_mem', '16MB')], roles)).fixes[0]).toMatchObject({
      statements: ['ALTER ROLE "a""b" IN DATABASE "ahsp" RESET work_mem', 'ALTER ROLE ALL RESET work_mem'],
    })
    const twice = only(check([workMem], [line('work_mem', '8MB', CONF, 1), line('work_mem', '16MB')]))
    expect(twice.fixes[0]).toMatchObject({
      kind: 'action',
      steps: [expect.stringContaining(`${CONF}, line 1`), expect.anything()],
    })
  })
})

describe('observability/statements-unavailable', () => {
  const HOUR = 3600
  const info = (part: Partial<StatementsInfo> = {}): StatementsInfo => ({
    extensionVersion: '1.12',
    schema: 'public',
    entries: 100,
    maxEntries: 5000,
    evictions: 0,
    statsReset: NOW - 48 * HOUR,
    totalCalls: 1,
    totalMs: 1,
    ...part,
  })
  const loaded = (track = 'top') => [
    setting('pg_stat_statements.max', 5000),
    setting('pg_stat_statements.track', track, {vartype: 'enum'}),
  ]
  const created = server({statementsExtension: {schema: 'public', version: '1.12'}})
  const libraries = (value: string) => [setting('shared_preload_libraries', value, {vartype: 'string'})]
  const fine = {server: created, settings: loaded(), statements: ok([])}

  it.each<[string, Record<string, unknown>, string[]]>([
    ['fine', {...fine, statementsInfo: ok(info())}, []],
    ['absent', {settings: []}, ['medium pg_stat_statements']],
    ['created, not preloaded', {server: created, settings: []}, ['medium pg_stat_statements']],
    ['preloaded, not created', {settings: loaded()}, ['medium pg_stat_statements']],
    ['switched off', {...fine, settings: loaded('none'), statementsInfo: ok(info())}, ['medium pg_stat_statements']],
    ['other roles hidden', {...fine, statementsInfo: ok(info()), statements: hidden}, ['low pg_stat_statements']],
    ['not readable', {...fine}, ['cannot judge']],
  ])('%s', (_, sections, expected) => {
    expect(outcome(judge(statementsUnavailable, sections))).toEqual(expected)
  })

  it.each([
    ['', 'pg_stat_statements'],
    ['auto_explain,pg_cron', 'auto_explain, pg_cron, pg_stat_statements'],
  ])('keeps the libraries that are there: %s', (present, to) => {
    const {fixes} = only(judge(statementsUnavailable, {settings: libraries(present)}))
    expect(fixes).toMatchObject([
      {kind: 'setting', to},
      {statements: ['CREATE EXTENSION IF NOT EXISTS pg_stat_statements']},
    ])
  })

  it('asks for no more than what is missing', () => {
    expect(only(judge(statementsUnavailable, {settings: loaded()})).fixes).toHaveLength(1)
    const grant = only(judge(statementsUnavailable, {...fine, statementsInfo: ok(info()), statements: hidden}))
    expect(grant.fixes[0]).toMatchObject({statements: ['GRANT pg_read_all_stats TO "me"']})
  })
})
