import {describe, expect, it} from 'vitest'
import {diffRuns} from '../../src/diff/diff.js'
import {findingsDiff} from '../../src/diff/findings.js'
import {statementsDiff} from '../../src/diff/statements.js'
import type {Sections, Snapshot, Statement} from '../../src/snapshot.js'
import {server} from '../fix/sections.js'
import {setting, snapshot} from '../loadtest/builders.js'
import {finding, report, result} from '../render/sample.js'

const found = (rule: string, ...subjects: [string, 'high' | 'medium' | 'low'][]) =>
  result(rule, {
    status: 'found',
    findings: subjects.map(([subject, severity]) => finding(rule, {subject, severity})),
  })
const ok = (rule: string) => result(rule, {status: 'ok'})
const skipped = (rule: string) => result(rule, {status: 'skipped', summary: 'statements: permission denied'})

describe('findings of two runs', () => {
  it('new, worse, better, gone and as before, worst first', () => {
    const diff = findingsDiff(
      report([
        found('a/a', ['up', 'medium'], ['down', 'high'], ['gone', 'low'], ['same', 'low']),
        found('b/b', ['x', 'low']),
      ]),
      report([
        found('a/a', ['up', 'high'], ['down', 'low'], ['same', 'low'], ['n1', 'low'], ['n2', 'high']),
        ok('b/b'),
      ]),
    )
    expect(diff.new.map(({subject}) => subject)).toEqual(['n2', 'n1'])
    expect(diff.worse.map(({before, after}) => [after.subject, before.severity, after.severity])).toEqual([
      ['up', 'medium', 'high'],
    ])
    expect(diff.better.map(({after}) => after.subject)).toEqual(['down'])
    expect(diff.gone.map(({subject}) => subject)).toEqual(['gone', 'x'])
    expect(diff).toMatchObject({unsure: [], unknown: [], same: 1})
  })

  it('a rule that is skipped now has not cured anything; one that was skipped then found nothing new', () => {
    const [before, after] = [report([found('a/a', ['x', 'high'])]), report([skipped('a/a')])]
    const failed = report([result('a/a', {status: 'error', summary: 'it threw'})])
    expect(findingsDiff(before, failed)).toMatchObject({gone: [], unknown: [{why: 'it threw'}]})
    expect(findingsDiff(before, after)).toMatchObject({
      gone: [],
      unknown: [{finding: {subject: 'x'}, why: 'statements: permission denied'}],
    })
    expect(findingsDiff(after, before)).toMatchObject({
      new: [],
      unsure: [{finding: {subject: 'x'}, why: 'statements: permission denied'}],
    })
    expect(findingsDiff(report([]), before)).toMatchObject({new: [], unsure: [{why: 'not judged by this rule'}]})
  })

  it('what is ignored now is not gone', () => {
    const ignored = [{rule: 'a/a', subject: 'x', reason: 'known'}]
    const diff = findingsDiff(report([found('a/a', ['x', 'high'])]), report([ok('a/a')], {ignored}))
    expect(diff).toMatchObject({gone: [], unknown: [{why: 'ignored: known'}]})
  })

  it('what a rule finds against the earlier run is new, though it judged nothing then', () => {
    const after = report([found('queries/regression', ['query 1', 'high'])])
    expect(findingsDiff(report([]), after, ['queries/regression'])).toMatchObject({
      unsure: [],
      new: [{severity: 'high'}],
    })
  })
})

const AT = 1_763_700_000
const statement = (queryid: string, calls: number, totalMs: number, part: Partial<Statement> = {}) =>
  ({
    dbid: 1,
    userid: 10,
    database: 'ahsp',
    user: 'app',
    queryid,
    toplevel: true,
    calls,
    totalMs,
    minMs: 0.1,
    maxMs: 100,
    meanMs: totalMs / calls,
    statsSince: null,
    ...part,
  }) as Statement

type Part = {
  at?: number
  statements: Statement[]
  entries?: number
  evictions?: number | null
  reset?: number | null
} & {
  server?: Partial<Sections['server']>
}

function run({at = AT, statements, entries, evictions = 0, reset = 0, ...part}: Part): Snapshot {
  const info = {
    extensionVersion: '1.10',
    schema: 'public',
    entries: entries ?? statements.length,
    maxEntries: 5000,
    evictions,
    statsReset: reset,
    totalCalls: 1,
    totalMs: 1,
  }
  const taken = snapshot({
    server: server({startedAt: AT - 90_000, versionNum: 160004, version: '16.4', now: at, ...part.server}),
    statements,
    statementsInfo: info,
    statementTexts: statements.map(({queryid}) => ({queryid: queryid!, text: `SELECT ${queryid}`, truncated: false})),
    settings: [],
  })
  return {...taken, collectedAt: at}
}

/** PostgreSQL 12 and 13 */
const OLD = {reset: null, evictions: null}

const five = (calls: number, totalMs: number) => ['11', '12', '13', '14', '15'].map(id => statement(id, calls, totalMs))

describe('statements of two runs', () => {
  it('slower, faster and new ones, by the time since the earlier run', () => {
    const before = run({statements: [statement('1', 100, 200), statement('2', 100, 5000), statement('3', 100, 100)]})
    const after = run({
      at: AT + 3600,
      statements: [
        statement('1', 200, 200 + 4000),
        statement('2', 200, 5000 + 500),
        statement('3', 200, 210),
        statement('4', 7, 70),
      ],
    })
    const diff = statementsDiff(before, after)
    expect(diff).toMatchObject({
      comparable: true,
      seconds: 3600,
      slower: [{queryid: '1', beforeMs: 2, afterMs: 40, calls: 100, text: 'SELECT 1'}],
      faster: [{queryid: '2', beforeMs: 50, afterMs: 5}],
      appeared: [{queryid: '4', beforeMs: null, afterMs: 10, calls: 7}],
      notes: [],
    })
  })

  it('after a restart that lost the counters there is no comparison', () => {
    const before = run({...OLD, statements: five(1000, 1000)})
    const lost = five(1000, 1000).map((each, at) => ({...each, calls: at === 0 ? 5 : 2000, totalMs: 90_000}))
    const after = run({...OLD, at: AT + 3600, statements: lost, server: {startedAt: AT + 60}})
    expect(statementsDiff(before, after)).toEqual({
      comparable: false,
      reason: 'the server was restarted, and its statements are counted anew',
    })
  })

  it('after a restart that kept them there is; with too few to tell there is none', () => {
    const restarted = {...OLD, at: AT + 3600, server: {startedAt: AT + 60}}
    const kept = run({...restarted, statements: five(1100, 5000)})
    expect(statementsDiff(run({...OLD, statements: five(1000, 1000)}), kept)).toMatchObject({comparable: true})
    const one = run({...restarted, statements: five(1100, 5000).slice(0, 1)})
    expect(statementsDiff(run({...OLD, statements: five(1000, 1000).slice(0, 1)}), one)).toMatchObject({
      comparable: false,
      reason: 'the server was restarted, and nothing tells whether its counters were kept',
    })
  })

  it('before PostgreSQL 14, where nothing tells of a reset, counters that fell do', () => {
    const before = run({...OLD, statements: five(1000, 1000)})
    const after = run({...OLD, at: AT + 3600, statements: five(10, 900)})
    expect(statementsDiff(before, after)).toMatchObject({
      comparable: false,
      reason: 'the counters were reset, and its statements are counted anew',
    })
  })

  it('after a reset the later times are those since then', () => {
    const before = run({statements: [statement('1', 1000, 1000)]})
    const after = run({at: AT + 3600, statements: [statement('1', 2000, 40_000)], reset: AT + 60})
    expect(statementsDiff(before, after)).toMatchObject({
      comparable: true,
      slower: [{beforeMs: 1, afterMs: 20, calls: 2000}],
      notes: ['the counters were reset between the two: the later times are those since then'],
    })
  })

  it('evicted entries may be counted anew, and what came back is not new', () => {
    const before = run({statements: five(1000, 1000)})
    const after = run({at: AT + 3600, statements: [...five(1100, 90_000), statement('9', 5, 5)], evictions: 200})
    expect(statementsDiff(before, after)).toEqual({
      comparable: false,
      reason: 'entries were evicted: 5 may be counted anew',
    })
    const fresh = five(1000, 1000).map(each => ({...each, statsSince: AT - 9000}))
    const later = [...five(1100, 1100), statement('9', 5, 5)].map(each => ({...each, statsSince: AT - 9000}))
    const diff = statementsDiff(run({statements: fresh}), run({at: AT + 3600, statements: later, evictions: 200}))
    expect(diff).toMatchObject({appeared: [], notes: ['1 may be new, or were there before: entries were evicted']})
  })

  it('what lay beyond the list of the earlier run is not new', () => {
    const before = run({statements: five(1000, 1000), entries: 4000})
    const after = run({at: AT + 3600, statements: [...five(1100, 1100), statement('9', 5, 5)]})
    expect(statementsDiff(before, after)).toMatchObject({
      appeared: [],
      notes: ['1 may be new, or were there before: the earlier run read only those that weighed most'],
    })
  })

  it('another server, another major version or only a report: no comparison', () => {
    const here = run({statements: five(1000, 1000), server: {systemIdentifier: '1'}})
    const there = run({at: AT + 1, statements: five(1000, 1000), server: {systemIdentifier: '2'}})
    expect(statementsDiff(here, there)).toMatchObject({reason: 'the baseline is of another server'})
    expect(statementsDiff(null, there)).toMatchObject({comparable: false})
  })
})

describe('two runs', () => {
  const side = (value: string, at: number) => ({
    report: report([ok('a/a')], {collectedAt: at}),
    snapshot: {...snapshot({settings: [setting('work_mem', value)], roleSettings: []}), collectedAt: at},
  })

  it('settings by name and value; what was not read is told, not passed over', () => {
    const diff = diffRuns(side('4096', AT), side('8192', AT + 60))
    expect(diff.settings).toMatchObject([{name: 'work_mem'}])
    expect(diff.settings[0]!.from).not.toBe(diff.settings[0]!.to)
    expect(diff.incomparable.join()).toContain('indexes')
    expect(diff.notes).toEqual([])
  })

  it('of a report without a snapshot the findings alone', () => {
    const diff = diffRuns({...side('4096', AT), snapshot: null}, side('8192', AT + 60))
    expect(diff).toMatchObject({settings: [], schema: [], statements: {comparable: false}})
    expect(diff.incomparable).toEqual(['settings and schema: of the first run there is only a report'])
  })

  it('two databases, other versions, the wrong order: told', () => {
    const other = report([], {collectedAt: AT - 60, tool: '0.2.0', users: null})
    const diff = diffRuns(side('1', AT), {report: {...other, target: {...other.target, database: 'b'}}, snapshot: null})
    expect(diff.notes).toHaveLength(4)
  })
})
