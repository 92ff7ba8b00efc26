import {formatValue, number} from '../../render/units.js'
import type {Changes} from './changes.js'
import {noiseOf} from './noise.js'
import type {Change, Difference, JourneyRow, JourneyStep, Metric, Outcome} from './types.js'

/** What came of the changes between two runs. Pure: a difference within the noise is none, whichever way it points. */
export function stepBetween(before: JourneyRow, after: JourneyRow, {changes, unknown}: Changes): JourneyStep {
  const isSameLoad = before.users === after.users
  const differences = differencesOf(before, after, isSameLoad)
  const outcome = outcomeOf(differences, {before, after, changed: changes.filter(isSet).length})
  const step = {from: before.name, to: after.name, outcome, changes, unknown, differences}
  return {...step, headline: headlineOf(step, before, after), notes: notesOf(step, before, after)}
}

type Wanted = {name: string; unit: Difference['unit']; of: (row: JourneyRow) => Metric | null; isMore: boolean}

const SUCCESS: Wanted = {name: 'success', unit: 'percent', of: row => row.success, isMore: true}
const THROUGHPUT: Wanted = {name: 'throughput', unit: 'per second', of: row => row.requestsPerSecond, isMore: true}
const P95: Wanted = {name: 'P95', unit: 'milliseconds', of: row => row.p95, isMore: false}
const TRANSACTIONS: Wanted = {
  name: 'transactions',
  unit: 'per second',
  of: row => row.database.transactionsPerSecond,
  isMore: true,
}

/** The database's throughput stands in for the requests'; with other users each has another throughput anyway. */
function differencesOf(before: JourneyRow, after: JourneyRow, isSameLoad: boolean): Difference[] {
  const hasClient = before.requestsPerSecond !== null && after.requestsPerSecond !== null
  const throughput = isSameLoad ? [hasClient ? THROUGHPUT : TRANSACTIONS] : []
  return [SUCCESS, ...throughput, P95].map(wanted => differenceOf(wanted, before, after))
}

function differenceOf({name, unit, of, isMore}: Wanted, before: JourneyRow, after: JourneyRow): Difference {
  const [a, b] = [of(before), of(after)]
  const values = {name, unit, before: a?.value ?? null, after: b?.value ?? null}
  if (!a || !b) return {...values, noise: null, noiseKnown: null, result: 'not measured'}
  const noise = noiseOf(a, b)
  const noiseKnown = a.known === 'measured' && b.known === 'measured' ? 'measured' : 'assumed'
  if (Math.abs(b.value - a.value) <= noise) return {...values, noise, noiseKnown, result: 'no difference'}
  return {...values, noise, noiseKnown, result: b.value > a.value === isMore ? 'better' : 'worse'}
}

/** What people set; rows come by themselves. */
const isSet = ({kind}: Change) => kind !== 'rows'

type Load = {before: JourneyRow; after: JourneyRow; changed: number}

function outcomeOf(differences: Difference[], {before, after, changed}: Load): Outcome {
  const measured = differences.filter(({result}) => result !== 'not measured')
  const better = measured.some(({result}) => result === 'better')
  const worse = measured.some(({result}) => result === 'worse')
  if (measured.length === 0) return 'cannot be compared'
  if (!isConclusive(before, after, better, worse)) return 'cannot be compared'
  if (changed === 0) return 'no change'
  // Requests that fail are fast, and make room: what failures bring is no gain.
  const failsMore = measured.some(({name, result}) => name === 'success' && result === 'worse')
  if (failsMore) return 'made it worse'
  if (better && worse) return 'mixed'
  return better ? 'helped' : worse ? 'made it worse' : 'did not help'
}

/** Under another load only what goes against it tells: better with more users, or worse with fewer. */
function isConclusive({users: a}: JourneyRow, {users: b}: JourneyRow, better: boolean, worse: boolean): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  return b > a ? better && !worse : worse && !better
}

type Told = Pick<JourneyStep, 'outcome' | 'changes' | 'unknown' | 'differences'>

function headlineOf(step: Told, before: JourneyRow, after: JourneyRow): string {
  const {outcome, changes, unknown, differences} = step
  const nothing = unknown.length > 0 ? 'no change is known' : 'nothing that the database shows was changed'
  const load = before.users === after.users ? '' : `, at ${usersText(before)} -> ${usersText(after)}`
  const what = changes.length > 0 ? changesText(changes) : nothing
  const verdict = outcome === 'no change' ? withoutChange(step) : VERDICTS[outcome]
  return `${what}${load}: ${differencesText(differences)}${verdict ? `: ${verdict}` : ''}`
}

function withoutChange({unknown, differences}: Told): string {
  if (!differences.some(({result}) => result === 'better' || result === 'worse')) return ''
  return unknown.length > 0
    ? 'what made it cannot be told'
    : 'what made it lies outside the database: the application, the load, the machine'
}

const SHOWN_CHANGES = 3

/** Rows come after what people set: a test writes rows by itself. */
function changesText(changes: JourneyStep['changes']): string {
  const first = [...changes].sort((a, b) => Number(isSet(b)) - Number(isSet(a)))
  const texts = first.slice(0, SHOWN_CHANGES).map(({text}) => text)
  const more = changes.length - texts.length
  return more > 0 ? `${texts.join('; ')}; and ${more} more changes` : texts.join('; ')
}

const usersText = ({users}: JourneyRow) => (users === null ? 'an unknown number of users' : `${number(users)} users`)

const VERDICTS: Record<Exclude<Outcome, 'no change'>, string> = {
  helped: 'helped',
  'did not help': 'did not help',
  'made it worse': 'did not help, it got worse',
  mixed: 'mixed',
  'cannot be compared': 'cannot be compared',
}

function differencesText(differences: Difference[]): string {
  const clear = differences.filter(({result}) => result === 'better' || result === 'worse')
  const same = differences.filter(({result}) => result === 'no difference')
  if (clear.length > 0) return clear.map(differenceText).join(', ')
  return same.length > 0 ? `no difference (${same.map(differenceText).join(', ')})` : 'nothing that both runs measured'
}

/** `success 98.25 % -> 97.46 %`, with the noise where it is no more than that. */
export function differenceText({name, unit, before, after, noise, result}: Difference): string {
  const values = `${name} ${metricText(before, unit)} -> ${metricText(after, unit)}`
  return result === 'no difference' ? `${values}, noise ${metricText(noise, unit, true)}` : values
}

/** Percentages of success differ in their second decimal. */
export function metricText(value: number | null, unit: Difference['unit'], isNoise = false): string {
  if (value === null) return 'not measured'
  if (unit !== 'percent') return formatValue(isNoise ? Number(value.toPrecision(2)) : value, unit)
  if (isNoise) return `${Number(value.toPrecision(2))} points`
  return `${value === 100 ? 100 : value.toFixed(2)} %`
}

function notesOf({outcome, changes, differences}: Told, before: JourneyRow, after: JourneyRow): string[] {
  const assumed = differences.filter(({noiseKnown}) => noiseKnown === 'assumed').map(({name}) => name)
  const fails = differences.some(({name, result}) => name === 'success' && result === 'worse')
  const faster = differences.some(({name, result}) => name !== 'success' && result === 'better')
  const set = changes.filter(isSet)
  return [
    before.users === after.users
      ? ''
      : `${usersText(before)}, then ${usersText(after)}: another load, compared with care; throughput is left out`,
    set.length > 1 && outcome !== 'cannot be compared' && outcome !== 'no change'
      ? `${set.length} changes at once: which of them did it cannot be told`
      : '',
    !changes.every(isSet) ? 'The data changed its size as well: load and data are best raised apart' : '',
    assumed.length > 0
      ? `${assumed.join(' and ')}: too few intervals tell how much varies; 20 % is taken for noise`
      : '',
    fails && faster ? 'More requests failed: that alone makes the others faster, and is no gain' : '',
    outcome === 'helped' ? 'One run each: another pair of runs would make it surer' : '',
  ].filter(Boolean)
}
