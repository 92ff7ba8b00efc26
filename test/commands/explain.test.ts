import {tmpdir} from 'node:os'
import {describe, expect, test} from 'vitest'
import {queriesOf} from '../../src/explain.js'
import {explainMarkdown, explainText, wrap} from '../../src/render/explain.js'
import {defineRule, type Rule} from '../../src/rule.js'
import {rules} from '../../src/rules/index.js'
import {cliIn} from '../cli.js'

const cli = cliIn(tmpdir())

test('one rule, offline', async () => {
  const {code, stdout, stderr} = await cli(['explain', 'observability/io-timing'], {PGHOST: '/nowhere'})
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  for (const part of ['Why', 'Severities', 'Reads', 'Fix', 'Configure', 'References', 'SQL']) {
    expect(stdout).toContain(`\n\n${part}\n`)
  }
  expect(stdout).toMatch(/\n {4}SELECT \/\* ahsp-db \*\/[\s\S]*FROM pg_catalog\.pg_settings/)
})

const rule = defineRule({
  id: 'sessions/made-up',
  title: 'A title with <angles> and a|pipe',
  category: 'sessions',
  needs: ['settings'],
  uses: ['activity'],
  settings: ['max_connections'],
  options: {after: {default: 300, unit: 'seconds', help: 'open longer than this'}},
  severity: {low: 'rarely', critical: 'mostly'},
  why: `${'word '.repeat(40)}end_of_text`,
  references: ['https://www.postgresql.org/docs/current/'],
  check: () => ({summary: '', findings: []}),
}) as unknown as Rule

describe('what is told about a rule', () => {
  const text = explainText(rule, queriesOf(rule))
  test('the worst severity first, each with its condition', () => {
    expect(text).toContain('Severities\n  - critical: mostly\n  - low: rarely\n')
  })
  test('options with default, unit and help', () => {
    expect(text).toContain('Options\n  - after = 5min (seconds): open longer than this\n')
    expect(text).toContain('    rules:\n      sessions/made-up:\n        after: 5min\n')
  })
  test('sections and settings', () => {
    expect(text).toContain('  - needs: settings\n  - uses, when available: activity\n')
    expect(text).toContain('  - settings that must be visible: max_connections\n')
  })
  test('the SQL of both sections', () => {
    expect(queriesOf(rule).map(({section}) => section)).toEqual(['settings', 'activity'])
    expect(text).toContain('\n  settings:\n\n    SELECT')
    expect(text).toContain('\n  activity:\n\n    SELECT')
  })
  test('80 columns, except for SQL and addresses', () => {
    for (const line of text.slice(0, text.indexOf('\nSQL\n')).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
  test('Markdown says the same, without the SQL, and escapes', () => {
    const page = explainMarkdown(rule)
    expect(page).toMatch(/^# sessions\/made-up\n\nA title with \\<angles> and a\\\|pipe\n\n## Why\n/)
    expect(page).toContain('end_of_text')
    expect(page).toContain('\n- <https://www.postgresql.org/docs/current/>\n')
    expect(page).not.toContain('## SQL')
  })
})

test('every rule can be explained, and shows the SQL of each section it reads', () => {
  for (const each of rules) {
    const sections = [...each.needs, ...(each.uses ?? [])]
    expect(
      queriesOf(each)
        .map(({section}) => section)
        .sort(),
      each.id,
    ).toEqual([...sections].sort())
    expect(explainText(each, queriesOf(each))).not.toContain('undefined')
  }
})

test('wrap keeps long words whole', () => {
  expect(wrap(`a ${'x'.repeat(100)} b`, 2)).toBe(`  a\n  ${'x'.repeat(100)}\n  b`)
})
