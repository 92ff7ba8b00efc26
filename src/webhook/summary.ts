import {isIP} from 'node:net'
import type {Diff} from '../diff/diff-types.js'
import {hideUrlPasswords} from '../redact.js'
import {hasReport, type Outcome, outcomeName} from '../render/outcome.js'
import {prose} from '../render/sanitize.js'
import {findingsBySeverity, timestamp} from '../render/summary.js'
import type {Severity} from '../rule.js'

/** What leaves the machine: short, and of the findings only their titles. No statements, evidence, addresses, users. */
export type WebhookSummary = {
  /** as the configuration names it, else the name of the database alone */
  target: string
  /** `2026-11-21 03:35:24 UTC`; null: there is no report */
  time: string | null
  ready: boolean | null
  headline: string
  counts: Record<Severity, number> | null
  /** the worst ones */
  findings: {severity: Severity; rule: string; title: string}[]
  /** how many more there are */
  more: number
  /** since the run before; null: nothing to compare with */
  since: {new: number; worse: number; better: number; gone: number} | null
}

const FINDINGS = 5
const LONGEST_TEXT = 200

/** The summary of one server; the diff is that to the run before. */
export function summaryOf(outcome: Outcome, diff?: Diff | null): WebhookSummary {
  if (!hasReport(outcome)) return summaryOfError(outcome)
  const {verdict, collectedAt, target} = outcome.report
  const findings = findingsBySeverity(outcome.report)
  const {critical, high, medium, low, info} = verdict.counts
  const listed = findings.slice(0, FINDINGS)
  return {
    target: short(outcome.name ?? target.database),
    time: timestamp(collectedAt),
    ready: verdict.ready,
    headline: short(verdict.headline),
    counts: {critical, high, medium, low, info},
    findings: listed.map(({severity, rule, title}) => ({severity, rule, title: short(title)})),
    more: findings.length - listed.length,
    since: diff ? sinceOf(diff) : null,
  }
}

/** The code alone: the message of an error names hosts and users. */
function summaryOfError(outcome: Outcome): WebhookSummary {
  return {
    target: short(outcome.name ?? outcomeName(outcome)),
    time: null,
    ready: null,
    headline: `NO REPORT: ${outcome.error?.code ?? 'UNKNOWN'}`,
    counts: null,
    findings: [],
    more: 0,
    since: null,
  }
}

const sinceOf = ({findings}: Diff): WebhookSummary['since'] => ({
  new: findings.new.length,
  worse: findings.worse.length,
  better: findings.better.length,
  gone: findings.gone.length,
})

/** An address tells where the network can be entered. */
const withoutAddresses = (text: string) =>
  text.replace(/(?<!\w)[\da-f:.]{2,}(?!\w)/gi, found => (isIP(found.replace(/[.:]$/, '')) ? '<address>' : found))

function short(text: string): string {
  const characters = [...prose(withoutAddresses(hideUrlPasswords(text)))]
  return characters.length > LONGEST_TEXT ? `${characters.slice(0, LONGEST_TEXT).join('')}...` : characters.join('')
}
