import type {Condition, Go} from './types.js'

/** So many margins within 10 % make it conditional. */
const SEVERAL = 2

/**
 * GO only when every condition is met. One that is not known makes it conditional at best, and an essential one
 * impossible to judge.
 */
export function goOf(conditions: readonly Condition[]): Go {
  const count = (result: Condition['result']) => conditions.filter(each => each.result === result).length
  if (count('failed') > 0) return 'NO-GO'
  if (conditions.some(({result, isEssential}) => result === 'unknown' && isEssential)) return 'CANNOT JUDGE'
  return count('tight') >= SEVERAL || count('unknown') > 0 ? 'CONDITIONAL' : 'GO'
}
