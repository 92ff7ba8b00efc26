import type {Condition, Criterion, FailureGroup, LoadVerdict, Peak} from '../loadtest/verdict/types.js'
import {formatValue, number, seconds} from './units.js'

/** The tables of a load test's verdict as texts: the terminal and Markdown only lay them out. */

export const CRITERIA_HEAD = ['criterion', 'target', 'measured', 'result', 'how']
export const criterionRow = ({name, target, measured, unit, result, source}: Criterion): string[] => [
  name,
  target,
  measured === null ? 'not measured' : formatValue(measured, unit),
  result,
  source,
]

export const FAILURES_HEAD = ['failures', 'request', 'error', 'explained by the database?', 'why']
export const failureRow = (group: FailureGroup): string[] => [
  failureCount(group),
  group.request,
  group.error,
  explainedText(group),
  group.reason,
]

export const failureCount = ({count, requests}: FailureGroup): string =>
  requests === null ? number(count) : `${number(count)} of ${number(requests)}`

export const explainedText = ({verdict, cause}: FailureGroup): string =>
  verdict === 'explained' ? `yes${cause ? `, ${cause}` : ''}` : verdict === 'cannot tell' ? verdict : 'no'

export const PEAKS_HEAD = ['resource', 'peak', 'zone', 'how']
export const peakRow = ({name, percent, zone, detail}: Peak): string[] => [
  name,
  percent === null ? 'not measured' : formatValue(percent, 'percent'),
  zone ?? '-',
  detail,
]

export const CONDITIONS_HEAD = ['condition', 'measured', 'limit', 'margin', 'result', 'how']
export const conditionRow = ({name, measured, limit, margin, result, note}: Condition): string[] => [
  name,
  measured,
  limit,
  margin === null ? '-' : `${number(Math.round(margin))} %`,
  result,
  note,
]

/** `20 of 51 failures are on POST /login; ...`: what is explained, what is not, in one sentence. */
export function failuresSentence({failures}: LoadVerdict): string {
  const {total, explained, notTheDatabase, cannotTell, groups} = failures
  if (total === null && groups.length === 0) return 'Failures were not measured: give --locust PREFIX or --k6 FILE.'
  if (groups.length === 0) return 'No request failed.'
  const sum = total ?? explained + notTheDatabase + cannotTell
  const [first] = groups
  const most = `${number(first!.count)} of ${number(sum)} failures are on ${first!.request}`
  const counts = [
    explained > 0 ? `the database explains ${number(explained)}` : '',
    notTheDatabase > 0 ? `${number(notTheDatabase)} are not its doing` : '',
    cannotTell > 0 ? `of ${number(cannotTell)} it cannot be told` : '',
  ]
  return `${most}; ${counts.filter(Boolean).join(', ')}.`
}

export const resultWord = ({passed}: LoadVerdict): string =>
  passed === null ? 'CANNOT JUDGE' : passed ? 'PASSED' : 'FAILED'

/** Where and when, and by what. */
export function runFacts({run, target, tool}: LoadVerdict): string[] {
  const stamp = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ')}`
  const load = run.requestsPerSecond === null ? '' : `, ${number(run.requestsPerSecond)} requests/s`
  const requests = run.requests === null ? '' : `, ${number(run.requests)} requests${load}`
  return [
    `${target.host}:${target.port}/${target.database} as ${target.user}; ahsp-db ${tool}`,
    `${run.users === null ? 'users not known' : `${number(run.users)} users`}${requests}${run.client ? ` (${run.client})` : ''}`,
    `${stamp(run.from)} to ${stamp(run.to)} UTC, ${seconds(Math.round(run.to - run.from))}; ` +
      (run.steady
        ? `plateau without its first 20 %: ${seconds(Math.round(run.steady.to - run.steady.from))}`
        : 'no plateau is known: all of it is judged'),
  ]
}

export const nextTitle = ({next}: LoadVerdict): string =>
  next.users === null
    ? 'Ready for the next step?'
    : `Ready for ${number(next.users)} users${next.phase ? ` (${next.phase})` : ''}?`
