import type {CauseReport, LoadVerdict} from '../loadtest/verdict/types.js'
import type {Finding, Fix} from '../report.js'
import {markdownBlock} from './blocks.js'
import {
  CONDITIONS_HEAD,
  CRITERIA_HEAD,
  conditionRow,
  criterionRow,
  FAILURES_HEAD,
  failureRow,
  failuresSentence,
  nextTitle,
  PEAKS_HEAD,
  peakRow,
  resultWord,
  runFacts,
} from './loadtest-rows.js'
import {codeSpan, markdownText} from './sanitize.js'
import {number, shownValue} from './units.js'

/** More than these are counted. */
const MOST_GROUPS = 30
const MOST_FINDINGS = 3

/** The "results analysis" page: success, bottlenecks, peaks, action items, ready for the next phase? */
export function verdictMarkdown(verdict: LoadVerdict): string {
  const {criteria, bottleneck, failures, peaks, next, actions, run} = verdict
  const groups = failures.groups.slice(0, MOST_GROUPS)
  const parts = [
    `# ${markdownText(verdict.headline)}`,
    list(runFacts(verdict)),
    verdict.warnings.map(text => `> ${markdownText(text)}`).join('\n>\n'),
    `## Success: ${resultWord(verdict)}`,
    markdownText(run.phase === null ? run.phaseSource : `Phase ${run.phase}: ${run.phaseSource}.`),
    table(CRITERIA_HEAD, criteria.map(criterionRow)),
    '## Bottlenecks',
    ...(bottleneck.causes.length > 0 ? bottleneck.causes.map(causePart) : [markdownText(bottleneck.summary)]),
    bottleneck.unjudged.length > 0
      ? `Cannot judge:\n\n${list(bottleneck.unjudged.map(({id, why}) => `${id}: ${why}`))}`
      : '',
    '## Failures',
    markdownText(failuresSentence(verdict)),
    table(FAILURES_HEAD, groups.map(failureRow)),
    failures.groups.length > groups.length ? `and ${number(failures.groups.length - groups.length)} more` : '',
    '## Peaks',
    table(PEAKS_HEAD, peaks.map(peakRow)),
    actions.length > 0 ? `## Action items\n\n${actions.map(text => `- [ ] ${markdownText(text)}`).join('\n')}` : '',
    `## ${markdownText(`${nextTitle(verdict)} ${next.verdict}`)}`,
    table(CONDITIONS_HEAD, next.conditions.map(conditionRow)),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function causePart({id, rank, title, summary, confidence, isMaterial, evidence, look, findings}: CauseReport): string {
  const rows = evidence.map(({label, value, unit, source}) => [label, shownValue(value, unit), source])
  const rest = findings.length - MOST_FINDINGS
  return [
    `### ${markdownText(`${rank}: ${id}`)}`,
    markdownText(`${title} (${confidence}): ${summary}.`),
    isMaterial ? '' : 'No request is seen to suffer from it.',
    table(['evidence', 'value', 'source'], rows),
    list(look),
    ...findings.slice(0, MOST_FINDINGS).map(findingPart),
    rest > 0 ? `and ${number(rest)} more findings` : '',
  ]
    .filter(Boolean)
    .join('\n\n')
}

const findingPart = ({title, rule, subject, severity, fixes}: Finding): string =>
  [
    `**${severity}: ${markdownText(title)}** · ${codeSpan(rule)} · ${codeSpan(subject)}`,
    ...fixes.slice(0, 1).map(fixPart),
  ].join('\n\n')

const fixPart = (fix: Fix): string =>
  [
    `Fix: ${markdownText(fix.title)}`,
    fix.note ? markdownText(fix.note) : '',
    ...fix.steps.map(markdownBlock),
    ...(fix.verify.length > 0 ? ['Verify', ...fix.verify.map(markdownBlock)] : []),
    ...(fix.undo.length > 0 ? ['Undo', ...fix.undo.map(markdownBlock)] : []),
  ]
    .filter(Boolean)
    .join('\n\n')

const list = (texts: readonly string[]) => texts.map(text => `- ${markdownText(text)}`).join('\n')

const table = (head: string[], rows: string[][]): string =>
  rows.length === 0
    ? ''
    : [head, head.map(() => '---'), ...rows.map(cells => cells.map(markdownText))]
        .map(cells => `| ${cells.join(' | ')} |`)
        .join('\n')
