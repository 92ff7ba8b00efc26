// Writes the skeletons of a rule and its lab: npm run new-rule -- category/name
import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {generate, loadRules, ruleIds, write} from './generate.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const ruleSource = (id: string) => `import {defineRule} from '../../rule.js'

export default defineRule({
  id: '${id}',
  title: 'The problem, as a sentence without a period',
  category: '${id.split('/')[0]}',
  needs: ['settings'],
  settings: ['name_of_the_setting'],
  options: {warnAt: {default: 70, unit: 'percent', help: 'what is compared with it, and why this default'}},
  severity: {medium: 'the condition, and the reason why it is no worse'},
  why: 'What happens to the users. Why the change helps.',
  references: ['https://www.postgresql.org/docs/current/'],
  check({settings}, {warnAt}) {
    const value = settings.find(setting => setting.name === 'name_of_the_setting')?.value
    const summary = \`name_of_the_setting = \${value}\`
    if (Number(value) < warnAt) return {summary, findings: []}
    return {
      summary,
      findings: [
        {
          severity: 'medium',
          subject: 'name_of_the_setting',
          title: 'What is wrong here, with the number',
          detail: 'What it means for the users.',
          evidence: [{label: 'name_of_the_setting', value: String(value), source: 'pg_settings'}],
          confidence: 'assumed',
          fixes: [{kind: 'setting', name: 'name_of_the_setting', to: '1'}],
        },
      ],
    }
  },
})
`

const labSource = `import {defineLab} from '../../lab.js'

export default defineLab({
  subject: 'name_of_the_setting',
  settings: {name_of_the_setting: '90'},
  plainRole: 'found',
})
`

/** Creates the rule and its lab below `root` and returns their paths; throws when the id is malformed or taken. */
export function newRule(id: string, root = ROOT): string[] {
  if (!/^[a-z]+\/[a-z]+(-[a-z]+)*$/.test(id))
    throw new Error(`not a rule's id: ${id} - write category/name-of-the-problem`)
  const sources = {[`src/rules/${id}.ts`]: ruleSource(id), [`fixtures/labs/${id}.ts`]: labSource}
  const taken = Object.keys(sources).find(path => existsSync(join(root, path)))
  if (taken) throw new Error(`${taken} exists already`)
  for (const [path, source] of Object.entries(sources)) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), source)
  }
  return Object.keys(sources)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const written = newRule(process.argv[2] ?? '')
    const generated = write(generate(await loadRules(ruleIds())))
    for (const path of [...written, ...generated]) console.log(path)
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
