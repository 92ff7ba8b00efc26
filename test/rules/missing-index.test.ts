import {describe, expect, it} from 'vitest'
import foreignKeyUnindexed from '../../src/rules/indexes/foreign-key-unindexed.js'
import missing from '../../src/rules/indexes/missing.js'
import seqScanHeavy from '../../src/rules/tables/seq-scan-heavy.js'
import type {AdvisedIndex, IndexAdvice} from '../../src/snapshot.js'
import {foreignKey, statement, table} from './objects.js'
import {database, findingsOf, judge, ok, outcome, server} from './sections.js'

const advised = (part: Partial<AdvisedIndex> = {}): AdvisedIndex => ({
  name: '"public"."child_c2_idx"',
  definition: {schema: 'public', table: 'child', method: 'btree', keys: [{sql: '"c2"'}], include: [], where: null},
  text: '"public"."child" USING btree ("c2")',
  bytes: 81_920,
  gainPercent: 90,
  writePercent: 1,
  serves: [{queryid: '1', calls: 100, before: 1000, after: 10}],
  create: ['CREATE INDEX CONCURRENTLY "child_c2_idx" ON "public"."child" USING btree ("c2");'],
  undo: ['DROP INDEX CONCURRENTLY "public"."child_c2_idx";'],
  verify: ['SELECT true;'],
  lock: 'SHARE UPDATE EXCLUSIVE',
  replaces: [],
  code: null,
  ...part,
})

const advice = (recommended: AdvisedIndex[], part: Partial<IndexAdvice> = {}): IndexAdvice => ({
  statements: 3,
  candidates: 9,
  before: 100_000,
  after: 10_000,
  recommended,
  closest: null,
  notes: [],
  ...part,
})

/** Statement 1 takes `share` percent of all time. */
const check = (data: IndexAdvice, share = 50) =>
  judge(missing, {
    server: server(),
    indexAdvice: data,
    statements: [statement('1', {database: 'ahsp', calls: 100, totalMs: share}), statement('2', {database: 'ahsp'})],
    statementTexts: [{queryid: '1', text: 'SELECT c1 FROM child WHERE c2 = $1', truncated: false}],
    statementsInfo: {totalMs: 100},
  })

describe('indexes/missing', () => {
  const served = (before: number, after: number) => advised({serves: [{queryid: '1', calls: 100, before, after}]})
  const subject = '"public"."child" ("c2")'
  it.each<[string, AdvisedIndex, number, string[]]>([
    ['much cheaper, much of the time', served(1000, 100), 20, [`high ${subject}`]],
    ['less than ten times cheaper', served(1000, 101), 20, [`medium ${subject}`]],
    ['less of the time', served(1000, 1), 19.9, [`medium ${subject}`]],
    ['little of the time', served(1000, 1), 4.9, [`low ${subject}`]],
    ['hardly any', served(1000, 1), 0.9, []],
    ['hardly cheaper', served(1000, 501), 50, []],
  ])('%s', (_, index, share, expected) => expect(outcome(check(advice([index]), share))).toEqual(expected))

  it('shows what it costs before and after, and how much that weighs', () => {
    const [finding] = findingsOf(check(advice([advised()])))
    expect(finding!.evidence.map(({label, value}) => [label, value])).toEqual([
      ['SELECT c1 FROM child WHERE c2 = $1', 'cost 1,000 -> 10, 100 calls'],
      ['of all statement time, those', 50],
      ['size of the index', 81_920],
      ['write overhead', 1],
    ])
    expect(finding!.confidence).toBe('estimated')
  })

  it('tells a partial index from a whole one, and an expression gets its statistics', () => {
    const definition = {...advised().definition, keys: [{sql: '(lower("c2"))'}], where: '"c3" IS NULL'}
    const [finding] = findingsOf(check(advice([advised({definition})])))
    expect(finding!.subject).toBe('"public"."child" ((lower("c2"))) WHERE "c3" IS NULL')
    const [fix] = finding!.fixes
    expect(fix?.kind === 'sql' && fix.statements.at(-1)).toBe('ANALYZE "public"."child"')
  })

  it('the application has its own lines, and what is replaced goes afterwards', () => {
    const code = {framework: 'django' as const, where: 'Meta', language: 'python' as const, lines: ['x']}
    const replaces = [
      {name: '"public"."old"', bytes: 8192, drop: 'DROP INDEX CONCURRENTLY "public"."old";', undo: null},
    ]
    const [finding] = findingsOf(check(advice([advised({code, replaces})])))
    expect(finding!.fixes.map(({kind}) => kind)).toEqual(['sql', 'app', 'sql'])
  })

  it('without one that pays it says which came closest, and why that was refused', () => {
    const closest = {
      definitions: ['"public"."t" USING btree ("a")'],
      queryid: '1',
      before: 20,
      after: 19,
      reason: 'too little',
    }
    expect(check(advice([], {closest}))).toMatchObject({
      findings: [],
      summary: expect.stringMatching(/^no index pays: 3 statements and 9 candidates .*"a".*cost 20 -> 19.*too little$/),
    })
  })
})

describe('rules that see the same table', () => {
  const indexAdvice = ok(advice([advised()]))
  const child = table('child', {oid: 1, rowsEstimate: 100_000, pages: 1000, seqScans: 1000, seqRowsRead: 1e8})

  it('indexes/foreign-key-unindexed says that one index is enough', () => {
    const input = {databases: [], tables: [child, table('parent', {oid: 2})], indexes: ok([])}
    const detailOf = (columnNames: string[]) => {
      const foreignKeys = [{...foreignKey([2]), columnNames}]
      return findingsOf(judge(foreignKeyUnindexed, {...input, foreignKeys, indexAdvice}))[0]!.detail
    }
    expect(detailOf(['c2'])).toContain('indexes/missing')
    expect(detailOf(['c3'])).not.toContain('indexes/missing')
  })

  it('tables/seq-scan-heavy names the index', () => {
    const databases = [database('ahsp', {statsReset: 0})]
    const input = {server: server({now: 1000}), databases, tables: [child]}
    const [fix] = findingsOf(judge(seqScanHeavy, {...input, indexAdvice}))[0]!.fixes
    expect(fix?.kind === 'action' && fix.steps[0]).toContain(
      'indexes/missing has planned one that pays: "public"."child"',
    )
  })
})
