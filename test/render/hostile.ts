import type {Report} from '../../src/report.js'

export const HOSTILE =
  'x"; DROP TABLE y; -- \u001b]0;pwned\u0007\u009b31m\u202e\u2066\n# h\n```\n</details><script>alert(1)</script> | @everyone `` ~~~'

/** Every text of the report that may come from the server carries HOSTILE. */
export function poisoned(report: Report): Report {
  const ours = new Set([
    'rule',
    'severity',
    'status',
    'kind',
    'language',
    'confidence',
    'risk',
    'apply',
    'category',
    'unit',
  ])
  const poison = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return ours.has(key) ? value : `${value} ${HOSTILE}`
    if (Array.isArray(value)) return value.map(item => poison(item, key))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poison(item, name)]))
  }
  return poison(report, '') as Report
}
