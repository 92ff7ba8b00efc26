import {number} from '../../units.js'
import type {CauseReport, Condition, Criterion, Failures, Next} from './types.js'

/** The verdict in one line: for how many users, and the reasons that weigh most. */
export function headlineOf(
  next: Next,
  failures: Failures,
  causes: readonly CauseReport[],
  phase: string | null,
): string {
  const {verdict, users, conditions} = next
  const target = users === null ? 'the next step' : `${number(users)} users`
  const open = conditions.filter(({result}) => result !== 'met')
  const withResult = (wanted: Condition['result']) => open.filter(({result}) => result === wanted)
  const reasons = {
    GO: [`${phase} passed`, `all ${conditions.length} conditions are met`],
    CONDITIONAL: [...withResult('tight').map(tightText), ...withResult('unknown').map(unknownText)],
    'NO-GO': [failuresText(failures), ...withResult('failed').map(failedText)].filter(text => text !== null),
    'CANNOT JUDGE': withResult('unknown').map(unknownText),
  }[verdict]
  const [cause] = causes
  const named = verdict !== 'GO' && cause?.isMaterial ? [`cause: ${cause.id}`] : []
  const start = verdict === 'CANNOT JUDGE' ? `CANNOT JUDGE ${target}` : `${verdict} for ${target}`
  return `${start}: ${[...reasons.slice(0, MOST_REASONS), ...named].join('; ')}`
}

const MOST_REASONS = 3

/** Whose fault the failures are, before anything else: the story's lesson. */
export function failuresText({total, explained, notTheDatabase}: Failures): string | null {
  if (!total) return null
  const of = `of ${number(total)} failures`
  if (explained === 0 && notTheDatabase === 0)
    return `whether the database explains the ${number(total)} failures cannot be told`
  if (explained > notTheDatabase) return `the database explains ${number(explained)} ${of}`
  return `the database does not explain ${number(total - explained)} ${of}`
}

const failedText = ({name, measured, limit}: Condition) => `${name} ${measured} (${limit})`
const tightText = ({name, measured, limit}: Condition) => `${name} ${measured} is near its limit (${limit})`
const unknownText = ({name, note}: Condition) => `${name} not known: ${note}`

/** null: cannot be told, as success was not measured. */
export function passedOf(criteria: readonly Criterion[]): boolean | null {
  if (criteria.some(({result}) => result === 'fail')) return false
  return criteria.some(({name, result}) => name === 'success' && result === 'pass') ? true : null
}
