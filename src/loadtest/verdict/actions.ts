import {UNKNOWN} from './condition.js'
import type {CauseReport, Condition, FailureGroup} from './types.js'

const MOST = 8

/** What to do before the next run, most urgent first: the fixes of the causes, the code behind failures, what to measure. */
export function actionsOf(
  causes: readonly CauseReport[],
  groups: readonly FailureGroup[],
  conditions: readonly Condition[],
): string[] {
  const fixes = causes
    .filter(({isMaterial}) => isMaterial)
    .flatMap(({id, findings, look}) => [
      ...look.slice(0, id === 'NOT_THE_DATABASE' && groups.some(isOthers) ? 0 : 1).map(text => `${id}: ${text}`),
      ...findings.slice(0, 1).map(({title, rule, fixes}) => `${id}: ${fixes[0]?.title ?? title} (ahsp-db fix ${rule})`),
    ])
  const code = groups
    .filter(isOthers)
    .slice(0, 2)
    .map(({request, error}) => `Look at the application's code and log of ${request}: ${error}`)
  const unknown = conditions
    .filter(({measured}) => measured === UNKNOWN)
    .map(({name, note}) => `Measure ${name}: ${note}`)
  return [...new Set([...fixes, ...code, ...unknown])].slice(0, MOST)
}

const isOthers = ({verdict}: FailureGroup) => verdict === 'not the database'
