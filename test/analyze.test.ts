import {describe, expect, it} from 'vitest'
import {analyze} from '../src/analyze.js'
import {sectionNames} from '../src/collect/index.js'
import {type Config, DEFAULTS} from '../src/config.js'
import {defineRule, type FindingDraft, type Verdict} from '../src/rule.js'
import type {Snapshot} from '../src/snapshot.js'
import {sections, server, setting} from './fix/sections.js'

const NOW = Date.UTC(2026, 10, 21) / 1000

const unread = Object.fromEntries(
  sectionNames.map(section => [section, {ok: false, reason: 'error', message: 'not read'}]),
) as Snapshot['sections']

const snapshot = (part: Partial<Snapshot['sections']> = {}): Snapshot => ({
  format: 'ahsp-db/snapshot',
  version: 1,
  tool: '0',
  target: {host: 'h', port: 5432, database: 'd', user: 'u'},
  collectedAt: NOW,
  cutShortBy: null,
  warnings: [],
  window: null,
  sections: {...unread, ...sections({server: server(), settings: [setting('work_mem', '4096')]}), ...part},
})

const finding = (part: Partial<FindingDraft> = {}): FindingDraft => ({
  severity: 'high',
  subject: 's',
  title: 't',
  detail: '',
  evidence: [],
  confidence: 'measured',
  fixes: [],
  ...part,
})

const ruleWith = (check: () => Verdict, part: object = {}) =>
  defineRule({
    id: 'queries/slow',
    title: 'a rule',
    category: 'queries',
    needs: ['settings'],
    options: {},
    severity: {critical: 'c', high: 'h', low: 'l'},
    why: '',
    references: [],
    check,
    ...part,
  })

const reporting = (...findings: FindingDraft[]) => ruleWith(() => ({summary: 'looked', findings}))

async function run(rule: ReturnType<typeof ruleWith>, config: Partial<Config> = {}, of = snapshot()) {
  const report = await analyze(of, {...DEFAULTS, ...config}, {}, [rule] as never)
  return {report, result: report.results[0]!}
}

describe('analyze', () => {
  it('never lets an assumption be critical', async () => {
    const {result} = await run(reporting(finding({severity: 'critical', confidence: 'assumed'})))
    expect(result.findings[0]!.severity).toBe('high')
    const measured = await run(reporting(finding({severity: 'critical'})))
    expect(measured.result.findings[0]!.severity).toBe('critical')
  })

  it('makes a rule that throws, or reports what it does not document, an error and not a crash', async () => {
    const throwing = await run(
      ruleWith(() => {
        throw new Error('oops')
      }),
    )
    expect(throwing.result).toMatchObject({status: 'error', summary: 'the rule failed: oops'})
    expect(throwing.report.verdict.ready).toBeNull()
    const undocumented = await run(reporting(finding({severity: 'medium'})))
    expect(undocumented.result).toMatchObject({status: 'error', findings: []})
  })

  it('skips with the grant when a section or a setting is missing, never ok', async () => {
    const closed = {ok: false, reason: 'permission', message: 'denied', grant: 'GRANT x;'} as const
    const {result} = await run(reporting(), {}, snapshot({settings: closed}))
    expect(result).toMatchObject({status: 'skipped', summary: 'settings: denied', cure: 'GRANT x;'})
    const hidden = await run(ruleWith(() => ({summary: '', findings: []}), {settings: ['no_such_setting']}))
    expect(hidden.result.status).toBe('skipped')
  })

  it('puts the worst first, and keeps the rule’s order within a severity', async () => {
    const all = [finding({severity: 'low', subject: 'z'}), finding({subject: 'b'}), finding({subject: 'a'})]
    const {result} = await run(reporting(...all))
    expect(result.findings.map(({subject}) => subject)).toEqual(['b', 'a', 'z'])
  })

  it('takes out what is ignored, and warns when an ignore has ended', async () => {
    const entry = {rule: 'queries/slow', subject: 's', reason: 'known'}
    const ignored = await run(reporting(finding()), {ignore: [{...entry, until: '2026-11-21'}]})
    expect(ignored.result).toMatchObject({status: 'ok', findings: []})
    expect(ignored.report.ignored).toEqual([{...entry, until: '2026-11-21'}])
    const ended = await run(reporting(finding()), {ignore: [{...entry, until: '2026-11-20'}]})
    expect(ended.result.findings).toHaveLength(1)
    expect(ended.report.warnings).toEqual(['the ignore of queries/slow for s ended on 2026-11-20 (known)'])
  })

  it('honours severities, only and skip', async () => {
    const low = await run(reporting(finding()), {severities: {'queries/slow': 'low'}})
    expect(low.result.findings[0]!.severity).toBe('low')
    expect((await run(reporting(), {only: ['connections']})).report.results).toEqual([])
    expect((await run(reporting(), {skip: ['queries']})).report.results).toEqual([])
    expect((await run(reporting(), {only: ['queries/slow']})).report.results).toHaveLength(1)
  })
})
