import {beforeAll, describe, expect, it} from 'vitest'
import cacheable from '../../src/rules/queries/cacheable.js'
import deadlocks from '../../src/rules/queries/deadlocks.js'
import partitionKeyUnused from '../../src/rules/queries/partition-key-unused.js'
import planningHeavy from '../../src/rules/queries/planning-heavy.js'
import rollbackRatio from '../../src/rules/queries/rollback-ratio.js'
import tempSpill from '../../src/rules/queries/temp-spill.js'
import tooManyRows from '../../src/rules/queries/too-many-rows.js'
import unstable from '../../src/rules/queries/unstable.js'
import walHeavy from '../../src/rules/queries/wal-heavy.js'
import type {Database, PartitionedTable, Statement, StatementsInfo} from '../../src/snapshot.js'
import {loadParser} from '../../src/sql/parse.js'
import {statement} from './objects.js'
import {database, judge, NOW, ok, only, outcome, setting} from './sections.js'

const DAY = 86_400
const MB = 1024 ** 2

const info = (part: Partial<StatementsInfo> = {}): StatementsInfo => ({
  extensionVersion: '1.12',
  schema: 'public',
  entries: 1,
  maxEntries: 5000,
  evictions: 0,
  statsReset: NOW - DAY,
  totalCalls: 1e6,
  totalMs: 1e5,
  ...part,
})

/** One statement of 1000 calls and 100 ms each: all of the time there is. */
const one = (text: string, part: Partial<Statement> = {}, about: Partial<StatementsInfo> = {}) => ({
  statements: [statement('7', {calls: 1000, meanMs: 100, ...part})],
  statementTexts: [{queryid: '7', text, truncated: false}],
  statementsInfo: info(about),
})
const severities = (rule: unknown, sections: Record<string, unknown>) =>
  outcome(judge(rule, sections)).map(text => text.replace(' query 7', ''))

const settings = [setting('block_size', 8192), setting('work_mem', 4096, {unit: 'kB'})]
const spilling = {tempWritten: (1000 * 40 * MB) / 8192}

describe('never counted: utility statements, one call, nested, catalogs, waiting by design', () => {
  it.each<[string, string, Partial<Statement>, number]>([
    ['a query', 'SELECT * FROM a ORDER BY b', {}, 1],
    ['one call', 'SELECT * FROM a ORDER BY b', {calls: 1, tempWritten: 1e6}, 0],
    ['inside a function', 'SELECT * FROM a ORDER BY b', {toplevel: false}, 0],
    ['EXPLAIN', 'EXPLAIN ANALYZE SELECT * FROM a ORDER BY b', {}, 0],
    ['COPY of pg_dump', 'COPY public.a (x) TO stdout', {}, 0],
    ['a migration', 'CREATE INDEX ON a (b)', {}, 0],
    ['ALTER', 'ALTER TABLE a ALTER b TYPE bigint', {}, 0],
    ['VACUUM', 'VACUUM (ANALYZE)', {}, 0],
    ['the catalogs', 'SELECT c.oid FROM pg_catalog.pg_class c ORDER BY 1', {}, 0],
    ['statistics', 'SELECT * FROM pg_stat_activity ORDER BY query', {}, 0],
    ['waiting', 'SELECT pg_sleep($1)', {}, 0],
    ['another database', 'SELECT * FROM a ORDER BY b', {database: 'other'}, 0],
  ])('%s', (_, text, part, findings) => {
    expect(severities(tempSpill, {settings, ...one(text, {...spilling, ...part})})).toHaveLength(findings)
  })
})

describe('temp-spill', () => {
  const check = (part: Partial<Statement>) =>
    severities(tempSpill, {settings, ...one('SELECT * FROM a ORDER BY b', {...spilling, ...part})})
  it.each<[string, Partial<Statement>, string[]]>([
    ['fast', {}, ['low']],
    ['slow', {meanMs: 1000}, ['medium']],
    ['little: memory/work-mem judges that', {tempWritten: (1000 * 31 * MB) / 8192}, []],
    ['a report now and then', {calls: 9, tempWritten: 1e6}, []],
  ])('%s', (_, part, expected) => expect(check(part)).toEqual(expected))
  it('advises no memory that would be too much for one statement', () => {
    const large = one('SELECT * FROM a ORDER BY b', {tempWritten: (1000 * 600 * MB) / 8192})
    expect(only(judge(tempSpill, {settings, ...large})).fixes.map(({kind}) => kind)).toEqual(['action'])
  })
})

describe('unstable', () => {
  const check = (part: Partial<Statement>) => severities(unstable, one('SELECT * FROM a WHERE b = $1', part))
  const spread = {stddevMs: 300, maxMs: 2000, minMs: 1}
  it.each<[string, Partial<Statement>, string[]]>([
    ['fast or slow', spread, ['medium']],
    ['slow is not so slow', {...spread, maxMs: 500}, ['low']],
    ['even', {...spread, stddevMs: 99}, []],
    ['few calls', {...spread, calls: 99}, []],
    ['fast anyway', {...spread, meanMs: 9, calls: 20_000}, []],
    // 1000 calls of 100 ms, one of 10 s: without it the deviation is near 0
    ['one bad moment', {stddevMs: 313, maxMs: 10_000, meanMs: 110}, []],
  ])('%s', (_, part, expected) => expect(check(part)).toEqual(expected))
})

describe('cacheable', () => {
  const SUMS = 'SELECT week, SUM(cost) FROM detail GROUP BY week'
  const chart = {sharedHit: 1e6, rows: 12_000}
  const check = (text: string, part: Partial<Statement> = {}, about: Partial<StatementsInfo> = {}) =>
    severities(cacheable, one(text, {...chart, ...part}, about))
  it.each<[string, string, Partial<Statement>, string[]]>([
    ['the chart', SUMS, {calls: 2000}, ['medium']],
    ['once in five minutes', SUMS, {calls: 300}, []],
    ['no aggregate', 'SELECT week FROM detail WHERE id = $1', {calls: 2000}, []],
    ['a write', 'WITH s AS (SELECT sum(x) FROM a) UPDATE b SET y = s FROM s', {calls: 2000}, []],
    ['a large answer', SUMS, {calls: 2000, rows: 4e6}, []],
    ['from few blocks', SUMS, {calls: 2000, sharedHit: 2000}, []],
    ['fast', SUMS, {calls: 2000, meanMs: 5}, []],
  ])('%s', (_, text, part, expected) => expect(check(text, part)).toEqual(expected))
  it('computes what five minutes would save', () => {
    // 288 times five minutes in a day, 10 calls in each
    const {evidence, title} = only(judge(cacheable, one(SUMS, {...chart, calls: 2880})))
    expect(title).toContain('10 times in 5 min')
    const saved = evidence.filter(({label}) => label.startsWith('saved')).map(({value}) => Math.round(Number(value)))
    expect(saved).toEqual([90, 0])
  })
  it('computes nothing when nobody knows since when', () => {
    const {evidence} = only(judge(cacheable, one(SUMS, {...chart, calls: 2880}, {statsReset: null})))
    expect(evidence.some(({label}) => label.startsWith('saved'))).toBe(false)
  })
})

describe('too-many-rows', () => {
  const check = (text: string, part: Partial<Statement> = {}) =>
    severities(tooManyRows, one(text, {rows: 2e7, ...part}))
  it.each<[string, string, Partial<Statement>, string[]]>([
    ['the whole table', 'SELECT * FROM a', {}, ['medium']],
    ['ten thousand', 'SELECT * FROM a', {rows: 1e7}, []],
    ['limited', 'SELECT * FROM a LIMIT $1', {}, []],
    ['written, not returned', 'INSERT INTO b SELECT * FROM a', {}, []],
    ['changed, not returned', 'UPDATE a SET b = $1', {}, []],
    ['an export', 'SELECT * FROM a', {calls: 19, rows: 1e6}, []],
  ])('%s', (_, text, part, expected) => expect(check(text, part)).toEqual(expected))
})

describe('wal-heavy', () => {
  const check = (part: Partial<Statement>) => outcome(judge(walHeavy, one('UPDATE a SET b = $1', part)))
  it.each<[string, Partial<Statement>, string[]]>([
    ['2 MB each', {walBytes: 2000 * MB}, ['medium query 7']],
    ['half of that', {walBytes: 1000 * MB}, []],
    ['a batch job', {walBytes: 2000 * MB, calls: 99}, []],
    ['not counted (before 1.8)', {walBytes: null}, ['cannot judge']],
  ])('%s', (_, part, expected) => expect(check(part)).toEqual(expected))
})

describe('planning-heavy', () => {
  const track = (value: string) => [setting('pg_stat_statements.track_planning', value)]
  const check = (part: Partial<Statement>, on = 'on') =>
    outcome(judge(planningHeavy, {settings: track(on), ...one('SELECT * FROM a', {plans: 1000, ...part})}))
  it.each<[string, Partial<Statement>, string[]]>([
    ['longer than it runs', {planMs: 2e5}, ['medium query 7']],
    ['shorter', {planMs: 9e4}, []],
    ['a few milliseconds', {planMs: 4000, meanMs: 1}, []],
    ['not counted', {planMs: null}, []],
  ])('%s', (_, part, expected) => expect(check(part)).toEqual(expected))
  it('cannot judge what is not measured', () => expect(check({planMs: 0}, 'off')).toEqual(['cannot judge']))
})

describe('partition-key-unused', () => {
  beforeAll(loadParser)
  const progress: PartitionedTable = {
    oid: 1,
    schema: 'public',
    name: 'progress',
    strategy: 'range',
    keyColumns: ['at'],
    partitions: 12,
    rows: 1e6,
  }
  const check = (text: string, part: Partial<PartitionedTable> = {}) =>
    severities(partitionKeyUnused, {...one(text), partitionedTables: [{...progress, ...part}]})
  it.each<[string, number]>([
    ['SELECT * FROM progress WHERE item = $1', 1],
    ['SELECT * FROM public.progress p JOIN item i ON i.id = p.item WHERE i.name = $1', 1],
    ['UPDATE progress SET done = $1 WHERE item = $2', 1],
    ['SELECT * FROM progress WHERE item = $1 AND at > $2', 0],
    ['SELECT * FROM progress p WHERE p."at" BETWEEN $1 AND $2', 0],
    ['SELECT * FROM progress JOIN days USING (at) WHERE item = $1', 0],
    ['SELECT * FROM progress NATURAL JOIN days WHERE item = $1', 0],
    ['SELECT * FROM progress WHERE item = $1 ORDER BY at DESC LIMIT $2', 0],
    ['SELECT * FROM archive.progress WHERE item = $1', 0],
    ['SELECT count(*) FROM progress', 0],
    ['INSERT INTO progress (item, at) VALUES ($1, $2)', 0],
    ['SELECT * FROM progress WHERE item = ', 0],
  ])('%s', (text, findings) => expect(check(text)).toHaveLength(findings))
  it.each([{partitions: 3}, {keyColumns: [null]}])('is silent about a table with %j', part => {
    expect(check('SELECT * FROM progress WHERE item = $1', part)).toEqual([])
  })
})

describe('rollback-ratio', () => {
  const counted = (part: Partial<Database>) => [database('ahsp', {commits: 9000, statsReset: NOW - DAY, ...part})]
  const rollbacks = (calls: number, text = 'ROLLBACK') => ({
    statements: ok([statement('7', {calls})]),
    statementTexts: ok([{queryid: '7', text, truncated: false}]),
    statementsInfo: ok(info({statsReset: NOW - 2 * DAY})),
  })
  it.each<[string, Record<string, unknown>, string[]]>([
    ['below a tenth', {databases: counted({rollbacks: 900})}, []],
    ['a tenth', {databases: counted({rollbacks: 1000})}, ['low']],
    ['hardly any transaction', {databases: counted({commits: 10, rollbacks: 900})}, []],
    ['a pool that ends readings so', {databases: counted({rollbacks: 9000}), ...rollbacks(9000)}, ['low']],
    ['errors', {databases: counted({rollbacks: 9000}), ...rollbacks(10)}, ['medium']],
    [
      'to a savepoint is no end',
      {databases: counted({rollbacks: 9000}), ...rollbacks(9000, 'ROLLBACK TO x')},
      ['medium'],
    ],
    [
      'statements counted for less long',
      {databases: counted({rollbacks: 9000}), ...rollbacks(10), statementsInfo: ok(info({statsReset: NOW - 60}))},
      ['low'],
    ],
  ])('%s', (_, sections, expected) => {
    expect(outcome(judge(rollbackRatio, sections)).map(text => text.split(' ')[0])).toEqual(expected)
  })
})

describe('deadlocks', () => {
  const check = (count: number, seconds: number | null) =>
    judge(deadlocks, {databases: [database('ahsp', {deadlocks: count, statsReset: seconds && NOW - seconds})]})
  it.each<[string, number, number, string[]]>([
    ['none', 0, DAY, []],
    ['one', 1, 60, []],
    ['two a minute ago are not thousands a day', 2, 60, ['medium']],
    ['one a day', 30, 30 * DAY, ['medium']],
    ['one a week', 4, 30 * DAY, []],
    ['one an hour', 24 * 30, 30 * DAY, ['high']],
  ])('%s', (_, count, seconds, expected) => {
    expect(outcome(check(count, seconds)).map(text => text.split(' ')[0])).toEqual(expected)
  })
  it('is estimated when the counters were never reset', () => expect(only(check(9, null)).confidence).toBe('estimated'))
})
