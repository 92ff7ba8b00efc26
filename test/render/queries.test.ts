import {describe, expect, it} from 'vitest'
import {queriesMarkdown, queriesTable} from '../../src/render/queries.js'
import {columns} from '../../src/render/style.js'
import type {WorkloadReport, WorkloadRow} from '../../src/workload/types.js'
import {HOSTILE, poisoned} from './hostile.js'

const row = (rank: number, part: Partial<WorkloadRow> = {}): WorkloadRow => ({
  rank,
  queryids: [String(rank)],
  members: 1,
  users: ['app'],
  text: 'SELECT "a" FROM "b"',
  readable: 'SELECT a FROM b',
  tables: ['b'],
  kind: 'read',
  labels: [],
  calls: 1_203_330,
  totalMs: 3_600_000,
  meanMs: 2.99,
  rows: 12,
  rowsPerCall: 0.000_01,
  tempBytes: 123_456_789,
  walBytes: 123_456_789,
  share: 55,
  timeShare: 55,
  callShare: 50,
  now: {calls: 1234.5, rows: 10},
  ...part,
})

const finding = (rule: string, subject: string) => ({rule, subject, severity: 'high' as const})

const report = (rows: WorkloadRow[], part: Partial<WorkloadReport> = {}): WorkloadReport => ({
  format: 'ahsp-db/queries',
  version: 1,
  tool: '0.1.0',
  target: {host: 'db.example', port: 5432, database: 'ahsp', user: 'app'},
  collectedAt: 1_763_696_124,
  statistics: {since: 1_763_692_524, seconds: 3600},
  window: {seconds: 30, callsPerSecond: 400},
  sort: 'time',
  headline: '12 statements took 1 h.',
  totals: {statements: 12, calls: 2_406_660, totalMs: 6_500_000},
  rows,
  rest: {statements: 2, calls: 3, totalMs: 4},
  gaps: [{text: 'not judged: queries/x (hidden)', cure: 'GRANT pg_monitor TO "app";'}],
  notes: ['a note'],
  ...part,
})

const PLAIN = {color: false, width: 80}

describe('the table', () => {
  it('rank, bar and numbers, then the statement and what it is', () => {
    const labels = [
      {kind: 'cacheable' as const, text: 'cacheable', finding: finding('queries/cacheable', 'query 1')},
      {kind: 'other' as const, text: 'slow', finding: finding('queries/slow', 'query 1')},
      {kind: 'n-plus-one parent' as const, text: 'N+1 parent', finding: finding('queries/n-plus-one', '"a" ("b")')},
      {kind: 'n-plus-one parent' as const, text: 'N+1 parent', finding: finding('queries/n-plus-one', '"c" ("d")')},
    ]
    const text = queriesTable(report([row(1, {labels})]), PLAIN)
    expect(text).toMatch(/^1 {2}######\.\.\.\. {2}55\.0 % {2}1,203,330 {2}2\.99 ms +0\.00001 +1,235/m)
    expect(text).toContain(
      '\n    SELECT a FROM b\n    -> cacheable (queries/cacheable), slow (queries/slow): query 1\n',
    )
    expect(text).toContain('\n    -> N+1 parent (queries/n-plus-one): "a" ("b"); "c" ("d")\n')
    expect(text).toContain('\nahsp-db check --only queries/cacheable,queries/n-plus-one,queries/slow\n')
    expect(text).toContain('Now 400 calls/s, watched for 30 s; 669 on average.')
    expect(text).toContain('and 2 more: 3 calls, 4 ms (--top)')
  })

  it.each(['time', 'calls', 'mean', 'temp', 'wal', 'rows'] as const)('--sort %s: 80 columns', sort => {
    const long = row(100, {readable: `SELECT ${'x'.repeat(300)} FROM ${'語'.repeat(200)}`, share: 100, timeShare: 100})
    const text = queriesTable(report([long, row(2)], {sort}), PLAIN)
    expect(text.split('\n').filter(line => columns(line) > 80)).toEqual([])
  })

  it('a statement is two lines at most, and says when there is more', () => {
    const text = queriesTable(report([row(1, {readable: `SELECT ${'column, '.repeat(100)}`})]), PLAIN)
    expect(text.match(/^ {4}.*column/gm)).toHaveLength(2)
    expect(text).toMatch(/column, \.\.\.$/m)
  })

  it('families and texts that are not there', () => {
    const text = queriesTable(
      report([row(1, {members: 12}), row(2, {readable: '', text: null}), row(3, {kind: 'catalog', members: 3})]),
      PLAIN,
    )
    expect(text).toContain('12 alike: SELECT a FROM b')
    expect(text).toContain('query 2 (no text)')
    expect(text).toContain('3 reads of system catalogs, most time: SELECT a FROM b')
  })

  it('no rows: why, and the cure', () => {
    const text = queriesTable(report([], {headline: 'CANNOT SHOW the workload: hidden', window: null}), PLAIN)
    expect(text).toMatch(/^CANNOT SHOW the workload: hidden\n/)
    expect(text).toContain('!!  not judged: queries/x (hidden) - needs GRANT pg_monitor TO "app";')
    expect(text).not.toContain('more:')
  })
})

describe('hostile names and texts', () => {
  const labels = [{kind: 'other' as const, text: 'slow', finding: finding('queries/slow', 'query 1')}]
  const hostile = {
    ...(poisoned(report([row(1, {labels})]) as never) as unknown as WorkloadReport),
    sort: 'time' as const,
  }

  it.each([false, true])('nothing of them acts on a terminal (colour: %s)', color => {
    const text = queriesTable(hostile, {color, width: 80})
    expect(text).toContain('DROP TABLE')
    expect(text.replaceAll(/\u001b\[[\d;]*m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066]/)
  })

  it('nor in Markdown', () => {
    const text = queriesMarkdown(hostile)
    expect(text).toContain('DROP TABLE')
    const outsideCode = text.replaceAll(/\\`/g, '').replaceAll(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '')
    expect(outsideCode).not.toMatch(/<script|<\/details|@everyone|^# h/m)
    const rows = text.split('\n').filter(line => line.startsWith('| '))
    const cells = (line: string) => line.replaceAll('\\|', '').split('|').length
    expect(new Set(rows.map(cells)).size).toBe(1)
    expect(HOSTILE).toContain('|')
  })
})
