import type {FixRequest} from '../rule.js'
import type {HbaRule} from '../snapshot.js'
import {addressText, type Reach, reachOfRule} from './network.js'

type Step = Extract<FixRequest, {kind: 'action'}>['steps'][number]

/** The line as a person would write it. */
export function hbaLine({type, databases, users, address, netmask, method, options}: HbaRule): string {
  const names = (list: string[]) => list.map(quoteName).join(',')
  const where = type === 'local' ? [] : [addressText({address, netmask})]
  return [type, names(databases), names(users), ...where, method, ...options].join(' ')
}

/** Names with other characters, and keywords that are meant as names, stand in quotes there. */
const quoteName = (name: string) => (/^[\w+@/.-]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

/**
 * Whether an earlier line always decides first: for all databases and roles, and for the same addresses or all of them.
 * Replication is never meant by `all`.
 */
export function isShadowed(rule: HbaRule, rules: readonly HbaRule[]): boolean {
  if (rule.databases.includes('replication')) return false
  return rules.slice(0, rules.indexOf(rule)).some(earlier => {
    const sameType = earlier.type === rule.type || (earlier.type === 'host' && rule.type !== 'local')
    const everybody = earlier.databases.includes('all') && earlier.users.includes('all')
    const sameAddress = rule.type === 'local' || earlier.address === 'all' || addressText(earlier) === addressText(rule)
    return sameType && everybody && sameAddress
  })
}

const asksForCertificate = ({options}: HbaRule) => options.some(option => option.startsWith('clientcert=verify'))

/** Lines with this method that somebody can reach the server by, with how far they reach. */
export const linesWith = (rules: readonly HbaRule[], method: string): {rule: HbaRule; reach: Reach}[] =>
  rules
    .filter(rule => rule.method === method && !asksForCertificate(rule) && !isShadowed(rule, rules))
    .map(rule => ({rule, reach: reachOfRule(rule)}))

/** Asks for a SCRAM password in these lines from now on. */
export function useScram(rules: readonly HbaRule[]): Step[] {
  const edits = rules.map((rule): Step => {
    const to = {...rule, method: 'scram-sha-256', options: []}
    return {
      text: `Change the line in ${rule.file}`,
      language: 'conf',
      lines: [hbaLine(to)],
      file: rule.file,
      line: rule.line,
      replaces: hbaLine(rule),
    }
  })
  return [...edits, {text: 'Reload', language: 'sql', lines: ['SELECT pg_reload_conf();']}]
}
