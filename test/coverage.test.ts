import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'
import {coverage, coverageProblems, type Peers} from '../scripts/coverage.js'
import {rules} from '../src/rules/index.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const one = rules.filter(({id}) => id === 'connections/saturation')
const peers = (check: Partial<Peers['checks'][number]>): Peers => ({
  peers: {AA: 'a tool'},
  checks: [{check: 'x', peers: ['AA'], ...check}],
})
const own = one.map(rule => ({...rule, peers: []}))

test.each<[string, Peers, string[]]>([
  ['a rule with a lab', peers({rules: ['connections/saturation']}), []],
  ['a reason', peers({notJudged: [{what: 'y', reason: 'z'}]}), []],
  ['neither', peers({}), ['scripts/peers.json: "x" has neither rule nor reason']],
  ['no such rule', peers({rules: ['a/b']}), ['scripts/peers.json: "x" names a/b, which does not exist']],
  [
    'an unknown tool',
    peers({peers: ['BB'], rules: ['connections/saturation']}),
    ['"x": BB stands for no tool in scripts/peers.json'],
  ],
])('%s', (_, given, problems) => expect(coverageProblems(own, given)).toEqual(problems))

test('the page has check, rule, thresholds and lab, and says what is not judged', () => {
  const notJudged = [{what: 'y', reason: 'a | b'}]
  const page = coverage(own, ROOT, peers({rules: ['connections/saturation'], notJudged}))
  expect(page).toMatch(/\| x \| AA \| \[connections\/saturation\]\(rules\/connections\/saturation.md\) \| warnAt 70%, /)
  expect(page).toContain('[lab](../fixtures/labs/connections/saturation.ts)')
  expect(page).toContain('| y | AA | a \\| b |')
})
