import type {FindingDraft, Rule, Verdict} from '../../src/rule.js'

/** The rule's verdict on hand-made input, with its default options. */
export function verdictOf(rule: unknown, input: object, options: object = {}, context: object = {}): Verdict {
  const {options: specs, check} = rule as Rule
  const defaults = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default]))
  return check(input as never, {...defaults, ...options} as never, context)
}

/** Its findings; a rule that cannot judge fails the test. */
export function findingsOf(rule: unknown, input: object, options: object = {}, context: object = {}): FindingDraft[] {
  const verdict = verdictOf(rule, input, options, context)
  if ('cannotJudge' in verdict) throw new Error(`cannot judge: ${verdict.cannotJudge}`)
  return verdict.findings
}
