import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {Ajv2020} from 'ajv/dist/2020.js'
import {afterAll, describe, expect, test} from 'vitest'
import {generate, loadRules, problems, ruleIds, write} from '../scripts/generate.js'
import {newRule} from '../scripts/new-rule.js'
import type {Report} from '../src/report.js'
import {rules as indexed} from '../src/rules/index.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-generate-test-'))
afterAll(() => rmSync(folder, {recursive: true}))

const ids = ruleIds()
const rules = await loadRules(ids)

test('what is generated is up to date: npm run generate', () => {
  for (const [path, text] of generate(rules)) expect(readFileSync(join(ROOT, path), 'utf8'), path).toBe(text)
})

test('the index has every rule, in a fixed order', () => {
  expect(indexed.map(rule => rule.id)).toEqual(ids)
  expect(ids).toEqual([...ids].sort())
})

test('no rule is half a rule', () => {
  expect(problems(ids, rules)).toEqual([])
})

describe('half a rule is refused', () => {
  const root = join(folder, 'half')
  const source = readFileSync(join(ROOT, 'src/rules/observability/io-timing.ts'), 'utf8')
  const rule = rules.find(({id}) => id === 'observability/io-timing')!
  const put = (id: string, text: string) => {
    mkdirSync(join(root, 'src/rules', id, '..'), {recursive: true})
    writeFileSync(join(root, `src/rules/${id}.ts`), text)
  }
  test('without a lab, at another path, or too long', () => {
    put('sessions/io-timing', `${source}${'//\n'.repeat(120)}`)
    expect(problems(['sessions/io-timing'], [rule], root)).toEqual([
      'src/rules/sessions/io-timing.ts: its id is observability/io-timing, it must equal the path',
      'src/rules/sessions/io-timing.ts: its category is observability, it must equal the folder',
      expect.stringMatching(/^src\/rules\/sessions\/io-timing.ts: \d+ lines, at most 120$/),
      'src/rules/sessions/io-timing.ts: no lab in fixtures/labs/sessions/io-timing.ts',
    ])
  })
})

describe('writing', () => {
  const root = join(folder, 'write')
  mkdirSync(join(root, 'docs/rules/old'), {recursive: true})
  writeFileSync(join(root, 'docs/rules/old/gone.md'), '# old/gone\n')
  const files = new Map([['docs/rules/README.md', 'a\n']])
  test('only what differs; pages of rules that are gone go', () => {
    expect(write(files, root)).toEqual(['docs/rules/old/gone.md', 'docs/rules/README.md'])
    expect(existsSync(join(root, 'docs/rules/old/gone.md'))).toBe(false)
    expect(write(files, root)).toEqual([])
  })
})

describe('new-rule', () => {
  const root = join(folder, 'new')
  test('writes a rule that is complete and judges', async () => {
    for (const path of ['src/rule.ts', 'src/snapshot.ts', 'package.json']) cpSync(join(ROOT, path), join(root, path))
    expect(newRule('memory/huge-pages', root)).toEqual([
      'src/rules/memory/huge-pages.ts',
      'fixtures/labs/memory/huge-pages.ts',
    ])
    const found = ruleIds(root)
    expect(found).toEqual(['memory/huge-pages'])
    const [rule] = await loadRules(found, root)
    expect(problems(found, [rule!], root)).toEqual([])
    const settings = (value: string) => ({settings: [{name: 'name_of_the_setting', value}]}) as never
    expect(rule!.check(settings('90'), {warnAt: 70} as never, {})).toMatchObject({findings: [{severity: 'medium'}]})
    expect(rule!.check(settings('10'), {warnAt: 70} as never, {})).toMatchObject({findings: []})
  })
  test.each(['huge-pages', 'Memory/huge', 'memory/../x', 'memory/a/b', ''])('%j is no id', id => {
    expect(() => newRule(id, root)).toThrow(`not a rule's id: ${id} - write category/name-of-the-problem`)
  })
  test('never overwrites', () => {
    expect(() => newRule('memory/huge-pages', root)).toThrow('src/rules/memory/huge-pages.ts exists already')
  })
})

describe('docs/report.schema.json', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'docs/report.schema.json'), 'utf8'))
  const validate = new Ajv2020({strict: true, allowUnionTypes: true, allErrors: true}).compile(schema)
  const counts = {critical: 0, high: 0, medium: 0, low: 1, info: 0, ok: 0, skipped: 0, error: 0, ignored: 0}
  const report = {
    format: 'ahsp-db/report',
    version: 1,
    tool: '0.1.0',
    target: {host: 'db', port: 5432, database: 'shop', user: 'ahsp_db'},
    server: null,
    poolers: [],
    collectedAt: 1_800_000_000,
    users: null,
    statistics: {since: null, seconds: null},
    verdict: {ready: null, headline: 'cannot judge', counts},
    partial: true,
    warnings: [],
    results: [],
    ignored: [],
  } as unknown as Report

  test('accepts a small report', () => {
    validate(report)
    expect(validate.errors).toBeNull()
  })
  test.each([
    ['another version', {version: 2}],
    ['an unknown key', {extra: true}],
    ['a result without a status', {results: [{rule: 'a/b', title: '', category: 'a', summary: '', findings: []}]}],
    ['a missing target', {target: undefined}],
  ])('refuses %s', (_, change) => {
    expect(validate(JSON.parse(JSON.stringify({...report, ...change})))).toBe(false)
  })
})
