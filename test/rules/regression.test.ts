import {beforeAll, describe, expect, it} from 'vitest'
import regression from '../../src/rules/queries/regression.js'
import type {Server, Snapshot, Statement, StatementsInfo} from '../../src/snapshot.js'
import {loadParser} from '../../src/sql/parse.js'
import {index, statement, table} from './objects.js'
import {hidden, judge, NOW, ok, only, outcome, server, setting} from './sections.js'

const DAY = 86_400
const TEXT = 'SELECT * FROM child WHERE c3 = $1'

const info = (part: Partial<StatementsInfo> = {}): StatementsInfo => ({
  extensionVersion: '1.10',
  schema: 'public',
  entries: 1,
  maxEntries: 5000,
  evictions: 0,
  statsReset: NOW - 30 * DAY,
  totalCalls: 1e6,
  totalMs: 1e6,
  ...part,
})
const here = {systemIdentifier: '42', database: 'ahsp'}

/** A day ago: 1000 calls of 10 ms. */
const aDayAgo = (part: Partial<Statement> = {}, about: Partial<Server> = {}, more: Record<string, unknown> = {}) =>
  ({
    collectedAt: NOW - DAY,
    sections: {
      server: ok(server({...here, ...about})),
      statements: ok([statement('7', {meanMs: 10, minMs: 5, maxMs: 900, ...part})]),
      statementsInfo: ok(info()),
      tables: hidden,
      indexes: hidden,
      settings: hidden,
      ...more,
    },
  }) as unknown as Snapshot

/** Now: 2000 calls, the later thousand of `meanMs`. */
const now = (meanMs: number, part: Partial<Statement> = {}, about: Partial<StatementsInfo> = {}) => ({
  server: server(here),
  statements: [statement('7', {calls: 2000, totalMs: 10_000 + 1000 * meanMs, minMs: 5, maxMs: 900, meanMs, ...part})],
  statementTexts: [{queryid: '7', text: TEXT, truncated: false}],
  statementsInfo: info(about),
})
const check = (sections: Record<string, unknown>, snapshot: Snapshot | null = aDayAgo()) =>
  judge(regression, sections, {context: snapshot ? {baseline: {file: 'before.json', snapshot}} : {}})

describe('regression', () => {
  beforeAll(loadParser)

  it.each<[string, Record<string, unknown>, string[]]>([
    ['as before', now(10), []],
    ['twice as long', now(20), ['medium query 7']],
    ['not quite', now(19), []],
    ['slow now', now(600), ['high query 7']],
    ['too few calls since', now(100, {calls: 1019, totalMs: 12_000}), []],
    [
      'reset since: what was counted then',
      now(0, {calls: 50, totalMs: 5000}, {statsReset: NOW - 60}),
      ['medium query 7'],
    ],
    ['begun anew by its own clock', now(0, {calls: 2000, totalMs: 80_000, statsSince: NOW - 60}), ['medium query 7']],
    ['its counters fell: begun anew', now(0, {calls: 50, totalMs: 5000}), ['medium query 7']],
    ['its slowest call is gone: begun anew', now(0, {calls: 1500, totalMs: 15_000, maxMs: 20}), []],
    ['evictions since, nothing tells', now(100, {}, {evictions: 5}), ['cannot judge']],
  ])('%s', (_, sections, expected) => expect(outcome(check(sections))).toEqual(expected))

  it.each<[string, Snapshot | null, RegExp]>([
    ['no baseline', null, /no earlier snapshot/],
    ['of another server', aDayAgo({}, {systemIdentifier: '43'}), /another server/],
    ['of another database', aDayAgo({}, {database: 'x'}), /database x/],
    ['of a standby', aDayAgo({}, {inRecovery: true}), /failover/],
    ['of another major version', aDayAgo({}, {version: '15.2', versionNum: 150002}), /identifies statements/],
    ['without statements', aDayAgo({}, {}, {statements: hidden}), /no statements/],
    ['from the future', {...aDayAgo(), collectedAt: NOW + 1}, /not older/],
  ])('cannot judge with a baseline %s', (_, snapshot, reason) => {
    expect(check(now(100), snapshot)).toMatchObject({cannotJudge: expect.stringMatching(reason)})
  })

  it('names the index that is gone, and builds it again', () => {
    const gone = index('child_c3_idx', [3], {table: 'child', tableOid: 1, keyNames: ['c3']})
    const snapshot = aDayAgo({}, {}, {indexes: ok([gone]), settings: ok([setting('jit', 'on')])})
    const sections = {...now(100), tables: ok([table('child')]), indexes: ok([]), settings: ok([setting('jit', 'off')])}
    const {detail, fixes, evidence} = only(check(sections, snapshot))
    expect(detail).toContain('"child_c3_idx"')
    expect(fixes[0]).toMatchObject({
      statements: ['CREATE INDEX CONCURRENTLY "child_c3_idx" ON "public"."child" ("c3")'],
    })
    expect(evidence).toContainEqual({label: 'jit', value: 'on -> off', source: 'pg_settings'})
    const rebuilt = {...gone, oid: 999}
    expect(only(check({...sections, indexes: ok([rebuilt])}, snapshot)).detail).not.toContain('child_c3_idx')
  })
})
