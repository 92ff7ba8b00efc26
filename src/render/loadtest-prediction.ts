import type {LinkBreak} from '../loadtest/breaking.js'
import type {Estimate} from '../loadtest/estimates.js'
import type {Next} from '../loadtest/journey/next.js'
import {formatValue, number} from './units.js'

export const PREDICTION_HEAD = ['expected', 'value', 'from', 'to']

/** The numbers with their intervals; what is not known is left out. */
export function predictionRows({prediction}: Next): string[][] {
  const {requestsPerSecond, transactionsPerSecond, p95, busy, busyPeak, running, connections, waitMs} = prediction
  const rows: [string, Estimate | null, string?][] = [
    ['requests', requestsPerSecond, 'per second'],
    ['transactions', transactionsPerSecond, 'per second'],
    ['P95', p95, 'milliseconds'],
    ['busy connections, mean', busy],
    ['busy connections, at most', busyPeak],
    ['wait for a connection, mean', waitMs, 'milliseconds'],
    ['sessions that want to run', running],
    ['open connections', connections],
  ]
  return rows.flatMap(([name, estimate, unit]) => {
    if (!estimate) return []
    const shown = (value: number) => formatValue(Number(value.toPrecision(3)), unit)
    return [[name, shown(estimate.value), shown(estimate.low), shown(estimate.high)]]
  })
}

/** `Expected at 100 users (estimated from 10, 30 and 50)`, or why nothing is. */
export function predictionHeadline({prediction: {users, from, known, refused}}: Next): string {
  if (refused) return `Nothing is predicted: ${refused}`
  return `Expected at ${number(users)} users (${known} from ${from.map(number).join(', ')} users)`
}

/** First link, methods, the check against the last step, and what to keep in mind. */
export function predictionTexts({prediction, breaking, notes}: Next): string[] {
  const {methods, check} = prediction
  const {first, links, searchedTo} = breaking
  return [
    first ? `First to break: ${breakText(first)}` : '',
    !first && searchedTo > 0
      ? `No link is expected to break up to ${number(searchedTo)} users; further nobody can tell`
      : '',
    ...links.slice(1).map(link => `Then: ${breakText(link)}`),
    check
      ? `Check: from the steps before it, ${number(check.predicted)} transactions/s were to be expected at ` +
        `${number(check.users)} users; measured ${number(check.measured)}`
      : '',
    ...methods.map(({name, source}) => `Method: ${name} (${source})`),
    ...prediction.notes,
    ...notes,
  ].filter(Boolean)
}

function breakText({title, users, low, high, limit, known}: LinkBreak): string {
  const range = high === null ? `${number(low)} or more` : `${number(low)} to ${number(high)}`
  const interval = known === 'measured' ? 'measured' : `${range}, ${known}`
  return `${title} at ${number(users)} users (${interval}): ${limit}`
}
