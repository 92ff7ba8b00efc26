import {describe, expect, it} from 'vitest'
import backups from '../../src/rules/safety/backups.js'
import checksums from '../../src/rules/safety/checksums.js'
import unsafeSettings from '../../src/rules/safety/unsafe-settings.js'
import type {Setting} from '../../src/snapshot.js'
import {table} from './objects.js'
import {judge, ok, only, outcome, server, setting} from './sections.js'

const bool = (name: string, value: string, part: Partial<Setting> = {}) =>
  setting(name, value, {vartype: 'bool', bootValue: 'on', ...part})

describe('safety/unsafe-settings', () => {
  const safe = [bool('fsync', 'on'), bool('full_page_writes', 'on')]
  const check = (...more: Setting[]) => outcome(judge(unsafeSettings, {settings: [...more, ...safe]}))

  it.each<[string, Setting[], string[]]>([
    ['as shipped', [bool('track_counts', 'on'), bool('enable_seqscan', 'on')], []],
    ['fsync', [bool('fsync', 'off')], ['critical fsync']],
    ['full_page_writes', [bool('full_page_writes', 'off')], ['high full_page_writes']],
    ['track_counts', [bool('track_counts', 'off')], ['high track_counts']],
    ['a repair switch that stayed', [bool('zero_damaged_pages', 'on')], ['high zero_damaged_pages']],
    ['a choice', [setting('synchronous_commit', 'off')], ['info synchronous_commit']],
    ['a weaker choice', [setting('synchronous_commit', 'local')], []],
    ['our own role has it', [setting('synchronous_commit', 'off', {source: 'user'})], []],
    ['a basic method', [bool('enable_hashjoin', 'off')], ['medium enable_hashjoin']],
    ['a refinement', [bool('enable_memoize', 'off')], ['low enable_memoize']],
    ['off as shipped', [bool('enable_partitionwise_join', 'off', {bootValue: 'off'})], []],
  ])('%s', (_, settings, expected) => {
    const names = settings.map(({name}) => name)
    const rest = safe.filter(({name}) => !names.includes(name))
    expect(outcome(judge(unsafeSettings, {settings: [...settings, ...rest]}))).toEqual(expected)
  })
  it('names what was looked at', () => {
    expect(judge(unsafeSettings, {settings: safe})).toMatchObject({summary: expect.stringContaining('fsync = on')})
    expect(check()).toEqual([])
  })
})

describe('safety/checksums', () => {
  const check = (value: string, part = {}, replicas: unknown[] = []) =>
    judge(checksums, {settings: [bool('data_checksums', value)], server: server(part), replicas: ok(replicas)})
  it('on, off, and being turned on', () => {
    expect([check('on'), check('off'), check('inprogress-on')].map(outcome)).toEqual([[], ['low data_checksums'], []])
  })
  it('standbys must agree', () => {
    expect(only(check('off', {inRecovery: true})).fixes[0]?.note).toContain('standby')
    expect(only(check('off', {}, [{}])).fixes[0]?.note).toContain('standby')
    expect(only(check('off')).fixes[0]?.note).not.toContain('standby')
  })
})

describe('safety/backups', () => {
  const base = {settings: [setting('archive_mode', 'off')], replicas: [], slots: [], tables: [table('a')]}
  it.each<[string, Record<string, unknown>, string[]]>([
    ['nothing', {}, ['info archive_mode']],
    ['an archive', {settings: [setting('archive_mode', 'on')]}, []],
    ['a standby', {replicas: [{}]}, []],
    ['a slot, whose receiver is away', {slots: [{}]}, []],
    ['this is the standby', {server: server({inRecovery: true})}, []],
    ['the platform makes backups', {server: server({platformEvidence: [{platform: 'rds', evidence: 'x'}]})}, []],
    ['nothing to lose', {tables: []}, []],
  ])('%s', (_, part, expected) => {
    expect(outcome(judge(backups, {...base, ...part}))).toEqual(expected)
  })
})
