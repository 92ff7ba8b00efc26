import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import type {LabServer} from '../../fixtures/lab.js'
import {PASSWORD} from '../../fixtures/pgbouncer.js'
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
  if (/, section \[/.test(place ?? '')) return editSection(place!, lines)
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

const SECTION =
  /^# (.+?), section \[(\w+)\](?:, line of (.+?))? - (?:was: (.*)|remove: (.*)|add below its header, or change its line)$/

/** pgbouncer.ini: a line below the header of its section, or a `name=value` within the line of one database. */
async function editSection(place: string, lines: string[]): Promise<void> {
  const match = SECTION.exec(place)
  if (!match) throw new Error(`no place to edit in ${JSON.stringify(place)}`)
  const [, file, section, entry, was] = match
  const content = (await readFile(file!, 'utf8')).split('\n')
  const header = content.indexOf(`[${section}]`)
  if (header < 0) throw new Error(`${file} has no section [${section}]`)
  const rest = content.findIndex((line, at) => at > header && line.startsWith('['))
  const end = rest < 0 ? content.length : rest
  const nameOf = (line: string) => line.split('=')[0]!.trim()
  const wanted = entry ?? nameOf(lines[0]!)
  const at = content.findIndex((line, i) => i > header && i < end && nameOf(line) === wanted)
  if (entry !== undefined) {
    if (!was || !content[at]?.includes(was)) throw new Error(`${file} has no ${was} in the line of ${entry}`)
    content[at] = content[at]!.replace(was, lines[0]!)
  } else if (at >= 0) {
    if (was && settingOf(content[at]!) !== settingOf(was)) throw new Error(`${file} has ${content[at]}, not ${was}`)
    content.splice(at, 1, ...lines)
  } else {
    if (was) throw new Error(`${file} has no line ${was}`)
    content.splice(header + 1, 0, ...lines)
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
async function runCommand(line: string, {server, pooler}: LabServer): Promise<void> {
  if (pooler && line === 'sudo systemctl restart pgbouncer') return pooler.restart()
  if (pooler && /^psql -h \S+ -p \d+ -U \S+ pgbouncer -c '?(RELOAD|RECONNECT|RESUME|ENABLE)\b/.test(line)) {
    await promisify(execFile)('sh', ['-c', line], {env: {...process.env, PGPASSWORD: PASSWORD}})
    return
  }
  if (line === `pg_ctl -D '${server.dataDir}' restart`) return server.restart()
  if (!line.startsWith('pg_ctl ')) throw new Error(`not to be typed here: ${line}`)
  const choice = serverAccount()
  const account = choice.ok ? choice.account : null
  const env = {...process.env, PATH: `${server.binDir}:${process.env.PATH}`}
  await promisify(execFile)('sh', ['-c', line], {env, cwd: '/', ...(account ?? {})})
}
