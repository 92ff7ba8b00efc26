import {tmpdir} from 'node:os'
import {expect, test} from 'vitest'
import {rules} from '../../src/rules/index.js'
import {cliIn} from '../cli.js'

const cli = cliIn(tmpdir())

test('lists every rule once, below its category, in 80 columns', async () => {
  const {code, stdout, stderr} = await cli(['rules'])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  const lines = stdout.split('\n')
  for (const {id, category, title} of rules) {
    const at = lines.findIndex(line => line.startsWith(`  ${id}  (`))
    expect(at).toBeGreaterThan(lines.indexOf(category))
    expect(lines[at + 1]).toContain(title.slice(0, 40))
  }
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
  expect(stdout).toContain(`\n${rules.length} rules; more about one: ahsp-db explain RULE\n`)
})

test('as JSON: what is declared', async () => {
  const listed = JSON.parse((await cli(['rules', '--format', 'json'])).stdout)
  expect(listed.map((rule: {id: string}) => rule.id)).toEqual(rules.map(rule => rule.id))
  expect(listed.find((rule: {id: string}) => rule.id === 'observability/io-timing')).toMatchObject({
    category: 'observability',
    severity: {low: expect.any(String)},
    needs: ['settings'],
    options: {},
  })
})
