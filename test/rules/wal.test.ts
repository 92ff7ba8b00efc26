import {describe, expect, it} from 'vitest'
import {walBetween, walSizeFix} from '../../src/derive/wal.js'
import archiverFailing from '../../src/rules/wal/archiver-failing.js'
import compression from '../../src/rules/wal/compression.js'
import forcedCheckpoints from '../../src/rules/wal/forced-checkpoints.js'
import maxWalSize from '../../src/rules/wal/max-wal-size.js'
import type {Archiver, Checkpoints, Wal} from '../../src/snapshot.js'
import {findingsOf, hidden, judge, NOW, ok, outcome, server, setting} from './sections.js'

const MB = 1024 ** 2
const GB = 1024 ** 3
const DAY = 86_400

const settings = (maxWalMB = 1024) => [
  setting('max_wal_size', maxWalMB, {unit: 'MB'}),
  setting('checkpoint_timeout', 300, {unit: 's'}),
  setting('checkpoint_completion_target', '0.9', {vartype: 'real'}),
]
const checkpoints = (timed: number, requested: number, seconds = DAY): Checkpoints => ({
  timed,
  requested,
  writeMs: 0,
  syncMs: 0,
  buffersWritten: 0,
  backendWrites: null,
  statsReset: NOW - seconds,
})
const wal = (bytesPerSecond: number, part: Partial<Wal> = {}): Wal => ({
  records: 0,
  fullPageImages: 0,
  bytes: bytesPerSecond * DAY,
  buffersFull: 0,
  compressionMethods: ['pglz', 'lz4', 'on', 'off'],
  statsReset: NOW - DAY,
  ...part,
})

describe('wal/forced-checkpoints', () => {
  const check = (counts: Checkpoints, written: unknown, limit = 1024) =>
    outcome(judge(forcedCheckpoints, {settings: settings(limit), checkpoints: counts, wal: written}))
  it.each<[string, Checkpoints, unknown, string[]]>([
    ['by time', checkpoints(288, 100), ok(wal(10 * MB)), []],
    ['a third forced', checkpoints(200, 100), ok(wal(10 * MB)), ['medium max_wal_size']],
    ['half, but rarely', checkpoints(100, 200), ok(wal(10 * MB)), ['medium max_wal_size']],
    ['most, all the time', checkpoints(10, 2000), ok(wal(20 * MB)), ['high max_wal_size']],
    ['asked for by commands', checkpoints(10, 2000), ok(wal(10_000)), []],
    ['too few to judge', checkpoints(2, 7), ok(wal(10 * MB)), ['cannot judge']],
    ['two of two', checkpoints(8, 2), ok(wal(10 * MB)), []],
    [
      'before 14: by the interval',
      checkpoints(10, 2000),
      hidden,
      ['medium max_wal_size'].map(s => s.replace('medium', 'high')),
    ],
    ['before 14: a nightly backup', checkpoints(2, 1000, 400 * DAY), hidden, []],
    ['since when is unknown', {...checkpoints(1, 100), statsReset: null}, ok(wal(MB)), ['cannot judge']],
  ])('%s', (_, counts, written, expected) => expect(check(counts, written)).toEqual(expected))

  it('a watched window counts more than history', () => {
    const before = checkpoints(1000, 10)
    const now = checkpoints(1000, 30)
    const window = {seconds: 600, before: {at: NOW - 600, databases: [], checkpoints: before}}
    const sections = {settings: settings(), checkpoints: now, wal: ok(wal(20 * MB))}
    expect(outcome(judge(forcedCheckpoints, sections, {window}))).toEqual(['high max_wal_size'])
    expect(outcome(judge(forcedCheckpoints, sections))).toEqual([])
  })
  it('not on a standby', () => {
    const sections = {server: server({inRecovery: true}), settings: settings(), checkpoints: checkpoints(1, 99)}
    expect(outcome(judge(forcedCheckpoints, sections))).toEqual(['cannot judge'])
  })
  it.each([
    [0, GB, '2GB'],
    [3 * GB, GB, '8GB'],
    [500 * GB, GB, '64GB'],
  ])('%d needed, %d now: %s', (needed, present, to) => expect(walSizeFix(needed, present)).toMatchObject({to}))
  it('no larger than can be advised', () => expect(walSizeFix(500 * GB, 64 * GB)).toMatchObject({kind: 'action'}))
})

describe('wal/max-wal-size', () => {
  const check = (rate: number, context = {}, counts = checkpoints(288, 2), limit = 1024) =>
    outcome(judge(maxWalSize, {settings: settings(limit), checkpoints: counts, wal: wal(rate)}, {context}))
  it.each<[string, string[], string[]]>([
    ['little is written', check(0.1 * MB), []],
    ['near on average', check(1.5 * MB), ['low max_wal_size']],
    ['at the target', check(0.5 * MB, {users: 100, currentUsers: 10}), ['medium max_wal_size']],
    ['the target is not known to be more', check(0.5 * MB, {users: 100}), []],
    ['wal/forced-checkpoints tells', check(5 * MB, {}, checkpoints(10, 500)), []],
    ['as large as can be advised', check(900 * MB, {users: 9, currentUsers: 1}, undefined, 64 * 1024), []],
  ])('%s', (_, found, expected) => expect(found).toEqual(expected))
  it('young counters', () => {
    const sections = {settings: settings(), checkpoints: checkpoints(1, 1), wal: wal(9 * MB, {statsReset: NOW - 60})}
    expect(outcome(judge(maxWalSize, sections))).toEqual(['cannot judge'])
  })
})

describe('wal/compression', () => {
  const check = (value: string, rate: number, share: number, part: Partial<Wal> = {}) =>
    judge(compression, {
      settings: [setting('wal_compression', value)],
      wal: wal(rate, {fullPageImages: (rate * DAY * share) / 8192, ...part}),
    })
  it.each<[string, string, number, number, string[]]>([
    ['much, most of it pages', 'off', 2 * MB, 0.8, ['low wal_compression']],
    ['some', 'off', 0.5 * MB, 0.8, ['info wal_compression']],
    ['little', 'off', 0.1 * MB, 0.8, []],
    ['few pages', 'off', 2 * MB, 0.3, []],
    ['on already', 'pglz', 2 * MB, 0.8, []],
  ])('%s', (_, value, rate, share, expected) => expect(outcome(check(value, rate, share))).toEqual(expected))
  it.each([
    [['pglz', 'lz4', 'zstd', 'on', 'off'], 'lz4'],
    [['pglz', 'on', 'off'], 'on'],
    [null, 'on'],
  ])('of %j the best is %s', (compressionMethods, to) => {
    expect(findingsOf(check('off', 2 * MB, 0.8, {compressionMethods}))[0]!.fixes).toMatchObject([{to}])
  })
})

describe('wal/archiver-failing', () => {
  const archiver = (part: Partial<Archiver> = {}): Archiver => ({
    archived: 100,
    failed: 0,
    lastArchived: NOW - 60,
    lastFailed: null,
    lastFailedWal: null,
    lastArchivedWal: '000000010000000100000010',
    currentWal: '000000010000000100000011',
    statsReset: NOW - DAY,
    ...part,
  })
  const check = (part: Partial<Archiver>, mode = 'on', command = '<redacted>', library?: string, inRecovery = false) =>
    outcome(
      judge(archiverFailing, {
        server: server({inRecovery}),
        settings: [
          setting('archive_mode', mode),
          setting('archive_command', command),
          setting('wal_segment_size', 16 * MB, {unit: 'B'}),
          ...(library === undefined ? [] : [setting('archive_library', library)]),
        ],
        archiver: archiver(part),
      }),
    )
  const failed = {failed: 9, lastFailed: NOW - 5}
  it.each<[string, string[], string[]]>([
    ['works', check({}), []],
    ['off', check(failed, 'off'), []],
    ['failed, works again', check({...failed, lastFailed: NOW - 120}), []],
    ['failed a moment ago', check(failed), []],
    ['fails', check({...failed, lastArchived: NOW - 600}), ['high archive_command']],
    ['never worked', check({...failed, lastArchived: null, lastArchivedWal: null}), ['high archive_command']],
    ['no command', check({}, 'on', ''), ['high archive_command']],
    ['no command, but a library', check({}, 'on', '', 'basic_archive'), []],
    ['slow', check({currentWal: '000000010000000100000060'}), ['medium archive_command']],
    ['a standby', check({...failed, lastArchived: null}, 'on', 'x', undefined, true), []],
  ])('%s', (_, found, expected) => expect(found).toEqual(expected))

  it.each<[string | null, string | null, number | null]>([
    ['0000000100000001000000FE', '000000010000000200000001', 3 * 16 * MB],
    ['000000010000000100000001.00000028.backup', '000000020000000100000002', 16 * MB],
    ['00000002.history', '000000020000000100000002', null],
    [null, '000000020000000100000002', null],
    ['000000010000000100000001', null, null],
  ])('between %s and %s: %s bytes', (from, to, bytes) => expect(walBetween(from, to, 16 * MB)).toBe(bytes))
})
