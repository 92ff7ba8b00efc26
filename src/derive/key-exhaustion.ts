import type {Confidence, Context, Evidence, OptionSpec, OptionValues, Severity} from '../rule.js'
import type {FedColumn, Sections, Sequence, Snapshot} from '../snapshot.js'
import {qualified, quoteIdent} from '../sql/quote.js'
import {seconds} from '../units.js'
import {rateAtTarget, type TimeLeft, timeLeft} from './time-to-failure.js'
import type {StatisticsWindow} from './window.js'

const DAY = 86_400

/** The largest value of a column of this type; types without a practical limit have none. */
const LARGEST: Record<string, number> = {smallint: 32_767, integer: 2_147_483_647, bigint: 2 ** 63}
export const largestOf = (type: string): number => LARGEST[type] ?? Number.POSITIVE_INFINITY

/** What both rules about exhausted keys may be told. */
export const EXHAUSTION_OPTIONS = {
  warnAt: {default: 75, unit: 'percent', help: 'medium from this share of the numbers used on'},
  highAt: {default: 90, unit: 'percent', help: 'high from this share on'},
  soon: {default: 90 * DAY, unit: 'seconds', help: 'high when the rest lasts no longer than this, whatever the share'},
  criticalWithin: {
    default: 7 * DAY,
    unit: 'seconds',
    help: 'critical when the rest lasts no longer, by a measured rate',
  },
  farAway: {default: 1826 * DAY, unit: 'seconds', help: 'low when the rest lasts longer than this'},
  minWindow: {default: 3600, unit: 'seconds', help: 'statistics younger than this tell no rate'},
} as const satisfies Record<string, OptionSpec>

export type ExhaustionOptions = OptionValues<typeof EXHAUSTION_OPTIONS>

export const EXHAUSTION_SEVERITY = {
  critical: 'all numbers are used, or at the measured rate will be within criticalWithin: then every insert fails',
  high: 'highAt of the numbers are used, or the rest lasts no longer than soon: to change the type takes preparation',
  medium: 'warnAt of the numbers are used: time to plan the change',
  low: 'as much is used, but at the present rate the rest lasts longer than farAway',
} as const

export type Rate = {perSecond: number; source: string; confidence: Confidence}

/** One supply of numbers and where it ends. */
export type Supply = {
  sequence: Sequence
  column: FedColumn | null
  limit: number
  /** numbers taken and numbers there were */
  used: number
  capacity: number
  percent: number
  rate: Rate | null
  left: TimeLeft | null
  leftAtTarget: TimeLeft | null
}

type Measures = {window: StatisticsWindow; now: number; context: Context; minWindow: number}

/** How much of the numbers up to `limit` a sequence has given out; null: none yet, hidden, or it starts over. */
export function supplyOf(
  sequence: Sequence,
  column: FedColumn | null,
  limit: number,
  measures: Measures,
): Supply | null {
  const {lastValue, minValue, maxValue, increment, cycles} = sequence
  if (lastValue === null || cycles) return null
  const [used, capacity] =
    increment > 0 ? [lastValue - minValue + 1, limit - minValue + 1] : [maxValue - lastValue + 1, maxValue - limit + 1]
  const rate = rateOf(sequence, used, measures)
  const until = (perSecond: number) => timeLeft({used, limit: capacity, ratePerSecond: perSecond, now: measures.now})
  const target = rate && rateAtTarget(rate.perSecond, measures.context)
  return {
    ...{sequence, column, limit, used, capacity, rate},
    percent: (used / capacity) * 100,
    left: rate && until(rate.perSecond),
    leftAtTarget: target ? until(target) : null,
  }
}

/** Numbers per second: between two snapshots when there are two, else by the rows inserted since the statistics began. */
function rateOf(sequence: Sequence, used: number, {window, context, minWindow}: Measures): Rate | null {
  const between = context.baseline && rateSince(sequence, context.baseline.snapshot, window.since + window.seconds)
  if (between) return between
  const inserted = sequence.columns.reduce((sum, {inserts}) => sum + inserts, 0) * Math.abs(sequence.increment)
  if (sequence.columns.length === 0 || window.seconds < minWindow || window.seconds <= 0) return null
  // Most of what was ever taken, within days: a restored dump, which says nothing about a usual day.
  const isLoad = inserted > used / 2
  if (isLoad && window.seconds < 7 * DAY) return null
  return {
    perSecond: inserted / window.seconds,
    source: `rows inserted, pg_stat_all_tables, in ${seconds(window.seconds)}`,
    confidence: window.isExact && !isLoad ? 'measured' : 'estimated',
  }
}

function rateSince(sequence: Sequence, {sections, collectedAt}: Snapshot, now: number): Rate | null {
  const earlier = sections.sequences.ok
    ? sections.sequences.data.find(({schema, name}) => schema === sequence.schema && name === sequence.name)
    : undefined
  const passed = now - collectedAt
  if (!earlier || earlier.lastValue === null || sequence.lastValue === null || passed <= 0) return null
  const grown = (sequence.lastValue - earlier.lastValue) * Math.sign(sequence.increment)
  if (grown < 0) return null
  return {perSecond: grown / passed, source: `the baseline, ${seconds(passed)} ago`, confidence: 'measured'}
}

/** null: nothing to report. */
export function severityOf({percent, left, rate, used, capacity}: Supply, options: ExhaustionOptions): Severity | null {
  const isMoving = (rate?.perSecond ?? 0) > 0
  if (used >= capacity) return isMoving ? 'critical' : 'high'
  if (left && left.seconds <= options.criticalWithin && rate?.confidence === 'measured') return 'critical'
  if (left && left.seconds <= options.soon) return 'high'
  if (percent < options.warnAt) return null
  // Without any insert the rest lasts for ever.
  if (rate && (!left || left.seconds > options.farAway)) return 'low'
  return percent >= options.highAt ? 'high' : 'medium'
}

export function supplyEvidence({sequence, limit, percent, used, capacity, rate}: Supply): Evidence[] {
  return [
    {label: 'last value', value: sequence.lastValue!, source: `sequence ${qualified(sequence.schema, sequence.name)}`},
    {label: 'limit', value: limit, source: 'pg_sequence, pg_attribute'},
    {label: 'used', value: percent, unit: 'percent', source: 'last value / limit'},
    {label: 'numbers left', value: Math.max(0, capacity - used), source: 'limit - last value'},
    ...(rate
      ? [{label: 'numbers per second', value: rate.perSecond, unit: 'per second' as const, source: rate.source}]
      : []),
  ]
}

/** Nothing found and not everything seen: the reason, with the grant. */
export function unreadable(sequences: Sections['sequences'], user: string) {
  const hidden = sequences.filter(({isReadable}) => !isReadable)
  if (hidden.length === 0) return null
  const schemas = [...new Set(hidden.map(({schema}) => schema))]
  const grant = (schema: string) =>
    `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${quoteIdent(schema)} TO ${quoteIdent(user)};`
  return {
    cannotJudge: `the values of ${hidden.length} of ${sequences.length} sequences are hidden`,
    cure: schemas.length > 10 ? `GRANT pg_read_all_data TO ${quoteIdent(user)};` : schemas.map(grant).join(' '),
  }
}
