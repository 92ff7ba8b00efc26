import type {Config} from './config.js'
import {completeFix} from './fix/complete.js'
import {detectPlatform, type Platform} from './fix/platform.js'
import {withoutIgnored} from './ignore.js'
import {questionOf} from './question.js'
import type {Finding, Report, Result} from './report.js'
import {
  type Context,
  type FindingDraft,
  type OptionSpecs,
  type OptionValues,
  type Rule,
  type RuleInput,
  SEVERITIES,
  type Severity,
} from './rule.js'
import type {Section, SectionName, Setting, Snapshot} from './snapshot.js'
import {loadParser} from './sql/parse.js'
import {verdictOf} from './verdict.js'

type AnyRule = Rule<SectionName, SectionName, OptionSpecs>

/**
 * Snapshot x Config -> Report. Pure: no clock, no I/O; the same snapshot and config give the same report, byte for
 * byte; asynchronous only for loading the SQL parser. A rule that throws becomes an `error` result and does not disturb
 * the others.
 */
export async function analyze(
  snapshot: Snapshot,
  config: Config,
  context: Context,
  allRules: readonly AnyRule[],
): Promise<Report> {
  const {sections} = snapshot
  const rules = allRules.filter(rule => isSelected(rule, config) && isAskable(rule, config, context, sections))
  // Rules are synchronous, and most runs need no parser. Without it, only those fail that ask for it.
  if (rules.some(rule => willParse(rule, sections))) await loadParser().catch(() => {})
  const server = sections.server.ok ? sections.server.data : null
  const platform = detectPlatform(sections, config.platform)
  const warnings = [...snapshot.warnings]
  const ignored: Report['ignored'] = []
  const results = rules
    .map(rule => judge(rule, snapshot, config, context, platform, warnings))
    .map(result => withoutIgnored(result, config, snapshot.collectedAt, ignored, warnings))
    .sort(byWorst)
  return {
    format: 'ahsp-db/report',
    version: 1,
    tool: snapshot.tool,
    target: snapshot.target,
    server: server && {
      version: server.version,
      platform: platform.name,
      platformEvidence: platform.evidence,
      inRecovery: server.inRecovery,
    },
    poolers: sections.poolers.ok ? sections.poolers.data.map(({target, version}) => ({target, version})) : [],
    collectedAt: snapshot.collectedAt,
    users: context.users ?? null,
    statistics: statisticsWindow(snapshot),
    verdict: verdictOf(results, ignored.length, context.users ?? null, server === null && sections.poolers.ok),
    partial: snapshot.cutShortBy !== null,
    warnings,
    results,
    ignored,
  }
}

export const isSelected = (
  rule: {id: string; category: string},
  {only, skip}: Pick<Config, 'only' | 'skip'>,
): boolean => {
  const named = (names: string[]) => names.includes(rule.id) || names.includes(rule.category)
  return (only.length === 0 || named(only)) && !named(skip)
}

function isAskable({id, asksFor}: AnyRule, {only}: Config, context: Context, sections: Snapshot['sections']): boolean {
  if (only.includes(id)) return true
  const hasPooler = sections.poolers.ok || sections.poolers.reason !== 'unsupported'
  // A console in the server's place: what is about the server has nothing to look at.
  const isPoolerAlone = hasPooler && !sections.server.ok && sections.server.reason === 'unsupported'
  if (asksFor === 'pooler') return hasPooler
  return !isPoolerAlone && (asksFor === undefined || context[asksFor] !== undefined)
}

function willParse(rule: AnyRule, sections: Snapshot['sections']): boolean {
  if (!rule.parses || missingData(rule, sections)) return false
  try {
    return rule.parses(inputOf(rule, sections))
  } catch {
    return false
  }
}

function judge(
  rule: AnyRule,
  snapshot: Snapshot,
  config: Config,
  context: Context,
  platform: Platform,
  warnings: string[],
): Result {
  const base = {rule: rule.id, title: rule.title, category: rule.category, findings: [] as Finding[]}
  const missing = missingData(rule, snapshot.sections)
  if (missing) return {...base, status: 'skipped', ...missing}
  try {
    const verdict = rule.check(inputOf(rule, snapshot.sections), optionsOf(rule, config), context, snapshot.window)
    if ('cannotJudge' in verdict) {
      return {...base, status: 'skipped', summary: verdict.cannotJudge, ...(verdict.cure ? {cure: verdict.cure} : {})}
    }
    // The fixes are worked out within the try, too: what one of them trips over must not take the other rules along.
    const findings = verdict.findings
      .map(draft => finish(draft, rule, snapshot, config, context, platform))
      // Within a severity the rule's own order stays: by weight.
      .sort((a, b) => rank(a.severity) - rank(b.severity))
    if (verdict.warning) warnings.push(verdict.warning)
    return {...base, status: findings.length > 0 ? 'found' : 'ok', summary: verdict.summary, findings}
  } catch (error) {
    return {...base, status: 'error', summary: `the rule failed: ${(error as Error).message}`}
  }
}

function finish(
  draft: FindingDraft,
  rule: AnyRule,
  snapshot: Snapshot,
  config: Config,
  context: Context,
  platform: Platform,
): Finding {
  if (!rule.severity[draft.severity]) throw new Error(`${rule.id} reports ${draft.severity} without documenting it`)
  // What was not measured may be wrong, and a wrong "critical" is how the story's mistake was made.
  const capped: Severity = draft.severity === 'critical' && draft.confidence === 'assumed' ? 'high' : draft.severity
  return {
    ...draft,
    rule: rule.id,
    severity: config.severities[rule.id] ?? capped,
    fixes: draft.fixes.map(request =>
      completeFix(request, questionOf(rule, context, snapshot.sections), snapshot.sections, platform),
    ),
    fingerprint: `${rule.id} ${draft.subject}`,
  }
}

/** A section or setting without which the rule cannot say anything: why, and what would cure it. */
function missingData(rule: AnyRule, sections: Snapshot['sections']): {summary: string; cure?: string} | null {
  // What is about the pooler alone can be judged without the server.
  const always: SectionName[] = rule.asksFor === 'pooler' ? [] : ['server']
  for (const name of [...always, ...rule.needs]) {
    const section = sections[name]
    if (!section.ok) return {summary: `${name}: ${section.message}`, ...(section.grant ? {cure: section.grant} : {})}
  }
  const {settings, server} = sections
  if (!rule.settings || !settings.ok || !server.ok) return null
  const hidden = rule.settings.filter(name => !settings.data.some((s: Setting) => s.name === name))
  if (hidden.length === 0) return null
  const seesAll = server.data.isSuperuser || server.data.memberOf.includes('pg_read_all_settings')
  if (seesAll) return {summary: `this server has no setting ${hidden.join(', ')}`}
  const user = `"${server.data.user.replaceAll('"', '""')}"`
  return {summary: `the setting ${hidden.join(', ')} is hidden`, cure: `GRANT pg_read_all_settings TO ${user};`}
}

function inputOf(rule: AnyRule, sections: Snapshot['sections']): RuleInput<SectionName, SectionName> {
  const needed = rule.needs.map(name => [name, (sections[name] as Section<unknown> & {ok: true}).data])
  const used = (rule.uses ?? []).map(name => [name, sections[name]])
  return Object.fromEntries([...needed, ...used]) as RuleInput<SectionName, SectionName>
}

const optionsOf = (rule: AnyRule, config: Config) =>
  ({
    ...Object.fromEntries(Object.entries(rule.options).map(([name, option]) => [name, option.default])),
    ...config.rules[rule.id],
  }) as OptionValues<OptionSpecs>

/** What the counters of the connected database cover. A NULL stats_reset means "never", not "just now". */
function statisticsWindow({sections, collectedAt}: Snapshot): Report['statistics'] {
  const {server, databases} = sections
  if (!server.ok || !databases.ok) return {since: null, seconds: null}
  const since = databases.data.find(({name}) => name === server.data.database)?.statsReset ?? null
  return {since, seconds: since === null ? null : Math.max(0, collectedAt - since)}
}

const rank = (severity: Severity) => SEVERITIES.indexOf(severity)

const STATUS_ORDER: Result['status'][] = ['found', 'error', 'skipped', 'ok']
const byWorst = (a: Result, b: Result) =>
  STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) ||
  rank(a.findings[0]?.severity ?? 'info') - rank(b.findings[0]?.severity ?? 'info') ||
  (a.rule < b.rule ? -1 : 1)
