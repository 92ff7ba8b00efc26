import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import type {LabServer} from '../../fixtures/lab.js'
import {serverAccount} from '../../src/embedded/account.js'

/** One fenced block of the printed Markdown, under its finding's fix. */
export type PrintedBlock = {language: string; lines: string[]}

/** The blocks below **Do** (or **Or instead**) of the n-th fix of the finding about `subject`, as a reader sees them. */
export function printedFix(markdown: string, rule: string, subject: string, fix: number, part = 'Do'): PrintedBlock[] {
  const section = markdown.split(/^## /m).find(text => text.includes(`\`${rule}\``) && text.includes(subject))
  if (!section) throw new Error(`the report has no section for ${rule} about ${subject}`)
  const chosen = section.split(/^### Fix/m)[fix + 1]
  if (!chosen) throw new Error(`the finding of ${rule} has no fix ${fix + 1}`)
  const body = chosen.split(/^\*\*(Do|Or instead|Verify|Undo)\*\*$/m)
  const at = body.indexOf(part)
  if (at < 0) throw new Error(`the fix of ${rule} has no part ${part}`)
  return [...body[at + 1]!.matchAll(/^(`{3,})(\w+)\n([\s\S]*?)\n\1$/gm)].map(match => ({
    language: match[2]!,
    lines: match[3]!.split('\n'),
  }))
}

/** Types the blocks in, exactly as printed: edits the named line, runs the SQL, runs the commands. */
export async function applyVerbatim(blocks: PrintedBlock[], lab: LabServer): Promise<void> {
  if (blocks.length === 0) throw new Error('the fix prints nothing to type')
  for (const {language, lines} of blocks) {
    if (language === 'conf') await editFile(lines)
    else if (language === 'sql') await lab.sql(statements(lines))
    else if (language === 'sh') for (const line of lines) await runCommand(line, lab)
    else throw new Error(`nothing can be typed from a ${language} block`)
  }
}

/** Every statement is sent by itself, as psql does: some may not run in a transaction block. */
const statements = (lines: string[]) =>
  lines
    .join('\n')
    .split(/;[ \t]*(?:\n|$)/)
    .map(statement => statement.trim())
    .filter(Boolean)

const PLACE = /^# (.+?)(?:, line (\d+))? - (?:was: (.*)|remove: (.*)|(add at the end))$/

async function editFile([place, ...lines]: string[]): Promise<void> {
  const match = PLACE.exec(place ?? '')
  if (!match) throw new Error(`no place to edit in ${JSON.stringify(place)}`)
  const [, file, line, was, removed] = match
  const content = (await readFile(file!, 'utf8')).split('\n')
  if (line === undefined) {
    while (content.at(-1) === '') content.pop()
    content.push(...lines, '')
  } else {
    const old = content[Number(line) - 1] ?? ''
    const expected = (was ?? removed)!
    if (settingOf(old) !== settingOf(expected)) throw new Error(`${file}:${line} is ${old}, the fix says ${expected}`)
    content.splice(Number(line) - 1, 1, ...lines)
  }
  await writeFile(file!, content.join('\n'))
}

/** name and value without quotes, comment and spacing: files are written by many hands */
const settingOf = (line: string) =>
  line
    .replace(/\s+#.*$/, '')
    .replace(/[\s']/g, '')
    .toLowerCase()

/** Only pg_ctl is printed for a data directory in no known place. A restart goes through whoever holds the process. */
async function runCommand(line: string, {server}: LabServer): Promise<void> {
  if (line === `pg_ctl -D '${server.dataDir}' restart`) return server.restart()
  if (!line.startsWith('pg_ctl ')) throw new Error(`not to be typed here: ${line}`)
  const choice = serverAccount()
  const account = choice.ok ? choice.account : null
  const env = {...process.env, PATH: `${server.binDir}:${process.env.PATH}`}
  await promisify(execFile)('sh', ['-c', line], {env, cwd: '/', ...(account ?? {})})
}
