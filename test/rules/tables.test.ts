import {beforeAll, describe, expect, it} from 'vitest'
import hotUpdates from '../../src/rules/tables/hot-updates.js'
import seqScanHeavy from '../../src/rules/tables/seq-scan-heavy.js'
import toastCompression from '../../src/rules/tables/toast-compression.js'
import type {Table} from '../../src/snapshot.js'
import {loadParser} from '../../src/sql/parse.js'
import {index, statement, table} from './objects.js'
import {database, findingsOf, judge, ok, outcome, server, setting} from './sections.js'

const DAY = 86_400
const since = (seconds: number) => ({server: server({now: seconds}), databases: [database('ahsp', {statsReset: 0})]})

describe('tables/seq-scan-heavy', () => {
  beforeAll(loadParser)
  // 1000 scans of 100 000 rows in a thousand seconds: 100 000 rows per second.
  const heavy = (part: Partial<Table> = {}) =>
    table('t', {rowsEstimate: 100_000, pages: 1000, seqScans: 1000, seqRowsRead: 1e8, ...part})
  const check = (part: Partial<Table>, time = 1000, others: Table[] = []) =>
    outcome(judge(seqScanHeavy, {...since(time), tables: [heavy(part), ...others]}))

  it.each<[string, Partial<Table>, number, string[]]>([
    ['100 000 rows per second', {}, 1000, ['medium "public"."t"']],
    ['a million', {seqScans: 10_000, seqRowsRead: 1e9}, 1000, ['high "public"."t"']],
    ['ten thousand', {}, 10_000, ['low "public"."t"']],
    ['less', {}, 10_001, []],
    ['a small table', {rowsEstimate: 49_999}, 1000, []],
    ['never analyzed, large by the counters', {rowsEstimate: -1, liveRows: 50_000}, 1000, ['medium "public"."t"']],
    ['few scans', {seqScans: 99}, 1000, []],
    ['a nightly dump of a huge table', {rowsEstimate: 5e9, seqScans: 400, seqRowsRead: 2e12}, 365 * DAY, []],
    ['scans that stop early', {seqScans: 10_001}, 1000, []],
    ['mostly read by index', {indexRowsFetched: 1e7 + 1}, 1000, []],
    ['statistics of minutes', {}, 899, ['cannot judge']],
  ])('%s', (_, part, time, expected) => expect(check(part, time)).toEqual(expected))

  it('leaves a table alone that is a small part of all reading', () => {
    expect(check({}, 1000, [table('busy', {indexRowsFetched: 9.1e8})])).toEqual([])
  })

  it('names the statements that read it whole, and no others', () => {
    const texts = [
      ['1', 'SELECT * FROM t WHERE x = $1'],
      ['2', 'SELECT * FROM t WHERE id = $1'],
      ['3', 'SELECT * FROM other.t'],
      ['4', 'SELECT * FROM u'],
    ].map(([queryid, text]) => ({queryid: queryid!, text: text!, truncated: false}))
    const run = (queryid: string, sharedHit: number) => statement(queryid, {calls: 10, sharedHit, database: 'ahsp'})
    const statements = [run('1', 10_000), run('2', 40), run('3', 10_000), run('4', 10_000)]
    const verdict = judge(seqScanHeavy, {
      ...since(1000),
      tables: [heavy()],
      statements: ok(statements),
      statementTexts: ok(texts),
    })
    const [fix] = findingsOf(verdict)[0]!.fixes
    const steps = fix?.kind === 'action' ? fix.steps.join('\n') : ''
    expect(steps).toContain('10 calls, 1,000 blocks each: SELECT * FROM t WHERE x = $1')
    for (const other of ['id = $1', 'other.t', 'FROM u']) expect(steps).not.toContain(other)
  })
})

describe('tables/hot-updates', () => {
  const updated = (part: Partial<Table> = {}) =>
    table('t', {rowsEstimate: 10_000, pages: 100, updates: 100_000, hotUpdates: 40_000, ...part})
  const run = (part: Partial<Table>, time = DAY) =>
    judge(hotUpdates, {...since(time), tables: [updated(part)], indexes: ok([index('i', [2])])})
  const kinds = (part: Partial<Table>) => findingsOf(run(part))[0]!.fixes.map(({kind}) => kind)

  it.each<[string, Partial<Table>, number, string[]]>([
    ['40 % HOT', {}, DAY, ['low "public"."t"']],
    ['half', {hotUpdates: 50_000}, DAY, []],
    ['few updates', {updates: 99_999}, DAY, []],
    ['a migration that updated each row once', {rowsEstimate: 100_000}, DAY, []],
    ['the hot part of a large table, all day', {rowsEstimate: 1e8, updates: 1e6}, DAY, ['low "public"."t"']],
    ['the same in an hour', {rowsEstimate: 1e8, updates: 1e6}, 3600, []],
    ['50 a second that are not HOT', {updates: 5e6, hotUpdates: 0}, DAY, ['medium "public"."t"']],
    ['a benchmark of an hour', {updates: 5e6, hotUpdates: 0}, 3600, ['low "public"."t"']],
  ])('%s', (_, part, time, expected) => expect(outcome(run(part, time))).toEqual(expected))

  it('offers room only where pages are full, or may be', () => {
    expect(kinds({newPageUpdates: null})).toEqual(['sql', 'action'])
    expect(kinds({newPageUpdates: 30_000})).toEqual(['sql', 'action'])
    expect(kinds({newPageUpdates: 29_999})).toEqual(['action'])
    expect(kinds({newPageUpdates: 60_000, options: {fillfactor: '90'}})).toEqual(['action'])
  })

  it('leaves room for a row, and undoes to what it was', () => {
    const fix = (part: Partial<Table>) => findingsOf(run(part))[0]!.fixes[0]
    expect(fix({pages: 100})).toMatchObject({
      statements: ['ALTER TABLE "public"."t" SET (fillfactor = 90)'],
      undo: ['ALTER TABLE "public"."t" RESET (fillfactor)'],
    })
    expect(fix({pages: 2500, options: {fillfactor: '95'}})).toMatchObject({
      statements: ['ALTER TABLE "public"."t" SET (fillfactor = 75)'],
      undo: ['ALTER TABLE "public"."t" SET (fillfactor = 95)'],
    })
  })
})

describe('tables/toast-compression', () => {
  const GB = 131_072
  const check = (value: string | null, toastPages: number, choices: string[] | null = ['pglz', 'lz4']) =>
    outcome(
      judge(toastCompression, {
        settings: value === null ? [] : [setting('default_toast_compression', value, {choices})],
        tables: [table('a', {toastPages: toastPages - 1}), table('b', {toastPages: 1})],
      }),
    )
  it.each<[string, string[], string[]]>([
    ['1 GB', check('pglz', GB), ['info default_toast_compression']],
    ['less', check('pglz', GB - 1), []],
    ['20 GB', check('pglz', 20 * GB), ['low default_toast_compression']],
    ['lz4 already', check('lz4', 20 * GB), []],
    ['a build without it', check('pglz', 20 * GB, ['pglz']), []],
    ['before 14', check(null, 20 * GB), []],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected))
})
