// Writes everything that follows from the rules and the report's schema. `npm run generate`; the tests compare.
import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {z} from 'zod'
import {explainMarkdown} from '../src/render/explain.js'
import {reportSchema} from '../src/report-schema.js'
import {type Rule, SEVERITIES} from '../src/rule.js'
import {coverage, coverageProblems} from './coverage.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MAX_RULE_LINES = 120

/** Paths below the root, with what they must hold. */
export type Files = Map<string, string>

/** `category/name` of every rule file, sorted. */
export function ruleIds(root = ROOT): string[] {
  const folder = join(root, 'src', 'rules')
  return readdirSync(folder, {withFileTypes: true})
    .filter(entry => entry.isDirectory())
    .flatMap(({name}) => readdirSync(join(folder, name)).map(file => `${name}/${file}`))
    .filter(file => file.endsWith('.ts'))
    .map(file => file.slice(0, -'.ts'.length))
    .sort()
}

export async function loadRules(ids: string[], root = ROOT): Promise<Rule[]> {
  const load = async (id: string) =>
    (await import(pathToFileURL(join(root, 'src', 'rules', `${id}.ts`)).href)).default as Rule
  return Promise.all(ids.map(load))
}

/** What would make a rule half a rule; empty when all is well. */
export function problems(ids: string[], rules: Rule[], root = ROOT): string[] {
  return ids.flatMap((id, i) => {
    const file = `src/rules/${id}.ts`
    const lines = readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length
    const [category] = id.split('/')
    return [
      rules[i]?.id === id ? '' : `${file}: its id is ${rules[i]?.id}, it must equal the path`,
      rules[i]?.category === category ? '' : `${file}: its category is ${rules[i]?.category}, it must equal the folder`,
      lines <= MAX_RULE_LINES ? '' : `${file}: ${lines} lines, at most ${MAX_RULE_LINES}`,
      existsSync(join(root, `fixtures/labs/${id}.ts`)) ? '' : `${file}: no lab in fixtures/labs/${id}.ts`,
    ].filter(Boolean)
  })
}

/** Everything that is generated, formatted as the linter wants it. */
export function generate(rules: Rule[]): Files {
  const schema = {$id: 'report.schema.json', ...z.toJSONSchema(reportSchema)}
  return formatted([
    ['src/rules/index.ts', indexSource(rules)],
    ['docs/report.schema.json', JSON.stringify(schema, null, 2)],
    ['docs/rules/README.md', overview(rules)],
    ['docs/coverage.md', coverage(rules, ROOT)],
    ...rules.map((rule): [string, string] => [`docs/rules/${rule.id}.md`, explainMarkdown(rule)]),
  ])
}

const camel = (id: string) => id.replaceAll(/[/-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const indexSource = (rules: Rule[]) => `// Written by \`npm run generate\` from the files beside it; never edited.
import type {Rule} from '../rule.js'
${rules.map(({id}) => `import ${camel(id)} from './${id}.js'\n`).join('')}
export const rules: readonly Rule[] = [${rules.map(({id}) => camel(id)).join(', ')}] as unknown as readonly Rule[]
`

function overview(rules: Rule[]): string {
  const categories = [...new Set(rules.map(rule => rule.category))]
  const row = (rule: Rule) => {
    const severities = SEVERITIES.filter(severity => rule.severity[severity]).join(', ')
    return `| [${rule.id}](${rule.id}.md) | ${severities} | ${rule.title.replaceAll('|', '\\|')} |`
  }
  const tables = categories.map(category => {
    const rows = rules.filter(rule => rule.category === category).map(row)
    return [`## ${category}`, '', '| rule | severities | title |', '|---|---|---|', ...rows].join('\n')
  })
  return `${['# Rules', ...tables].join('\n\n')}\n`
}

/** In one run of the formatter, in a folder of its own: the files in place may only change when they differ. */
function formatted(files: [path: string, source: string][]): Files {
  const folder = mkdtempSync(join(tmpdir(), 'ahsp-db-generate-'))
  try {
    for (const [path, source] of files) {
      mkdirSync(dirname(join(folder, path)), {recursive: true})
      writeFileSync(join(folder, path), source)
    }
    const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
    const options = [`--config-path=${ROOT}`, '--vcs-enabled=false', '--write']
    const {status, stderr} = spawnSync(process.execPath, [biome, 'check', ...options, folder], {encoding: 'utf8'})
    if (status !== 0) throw new Error(`cannot format what was generated: ${stderr}`)
    return new Map(files.map(([path]) => [path, readFileSync(join(folder, path), 'utf8')]))
  } finally {
    rmSync(folder, {recursive: true})
  }
}

/** Writes what differs and removes the pages of rules that are gone; returns the paths that changed. */
export function write(files: Files, root = ROOT): string[] {
  const pages = readdirSync(join(root, 'docs', 'rules'), {recursive: true, encoding: 'utf8'})
  const stale = pages.map(page => `docs/rules/${page.replaceAll('\\', '/')}`)
  const gone = stale.filter(path => path.endsWith('.md') && !files.has(path))
  for (const path of gone) rmSync(join(root, path))
  const differs = ([path, text]: [string, string]) =>
    !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text
  const changed = [...files].filter(differs)
  for (const [path, text] of changed) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), text)
  }
  return [...gone, ...changed.map(([path]) => path)]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(ROOT, 'docs', 'rules'), {recursive: true})
  const ids = ruleIds()
  const rules = await loadRules(ids)
  for (const path of write(generate(rules))) console.log(path)
  const found = [...problems(ids, rules), ...coverageProblems(rules)]
  for (const problem of found) console.error(problem)
  process.exitCode = found.length > 0 ? 1 : 0
}
