import {shellQuote} from '../fix/apply.js'
import type {Block, Report} from '../report.js'
import {blockLines, markdownBlock} from './blocks.js'
import {type Change, type Plan, planOf} from './plan.js'
import {codeSpan, fence, markdownText, prose, visible} from './sanitize.js'
import {costOf, serverLine} from './summary.js'

/** What `ahsp-db fix` prints: the whole way as Markdown, or only the lines of one kind. */
export function guide(report: Report, format: 'markdown' | 'sql' | 'conf'): string {
  const plan = planOf(report)
  const lines =
    format === 'sql'
      ? sqlLines(report, plan)
      : format === 'conf'
        ? confLines(report, plan)
        : markdownLines(report, plan)
  return `${lines.join('\n').trimEnd()}\n`
}

function markdownLines(report: Report, plan: Plan): string[] {
  const sections: [string, string[]][] = [
    ['Back up', backUp(report, plan)],
    ['Edit', [...editSections(plan), ...alternatives(plan)]],
    ['SQL', plan.statements.flatMap(changeSection)],
    ['Application and operation', plan.others.flatMap(changeSection)],
    ['Apply', plan.apply.map(markdownBlock)],
    ['Verify', verifySection(plan.verify)],
    ['Undo', plan.undo.map(markdownBlock)],
  ]
  const present = sections.filter(([, parts]) => parts.length > 0)
  const empty = 'Nothing to change.'
  const intro = `${serverLine(report)}. Nothing has been changed: these are the steps, in order.`
  return [
    `# ${markdownText(report.verdict.headline)}`,
    markdownText(plan.verify.length ? intro : `${serverLine(report)}. ${empty}`),
    ...plan.conflicts.map(text => `> ${markdownText(text)}`),
    ...present.flatMap(([title, parts], at) => [`## ${at + 1}. ${title}`, ...parts]),
  ].map(part => `${part}\n`)
}

/** The files that will be edited; what SQL changes is undone by SQL. */
function backUp(report: Report, {edits, statements}: Plan): string[] {
  const files = filesOf(edits)
  const known = files.filter(isPath)
  const isDocker = /docker/i.test(report.server?.platform ?? '')
  const copy = (file: string) => `cp -p ${shellQuote(file)} ${shellQuote(`${file}.before-ahsp-db`)}`
  const unix = known
    .filter(file => !isWindows(file))
    .map(file => (isDocker ? `docker exec <container> ${copy(file)}` : `sudo ${copy(file)}`))
  const windows = known
    .filter(isWindows)
    .map(file => file.replaceAll('/', '\\'))
    .map(file => `copy "${file}" "${file}.before-ahsp-db"`)
  return [
    ...(unix.length ? [fence(unix.map(visible), 'sh')] : []),
    ...(windows.length ? [fence(windows.map(visible), 'bat')] : []),
    ...files.filter(file => !isPath(file)).map(file => `Copy ${markdownText(file)} to a safe place.`),
    ...(statements.length ? ['What SQL changes has its way back in the last section; keep this text.'] : []),
  ]
}

const isWindows = (file: string) => /^[a-z]:[\\/]/i.test(file)
const isPath = (file: string) => isWindows(file) || file.startsWith('/')
const filesOf = (edits: Change[]) => [...new Set(edits.flatMap(({blocks}) => blocks.map(({file}) => file!)))]

/** One fence per file, with the reason for each line above it. */
function editSections({edits}: Plan): string[] {
  return filesOf(edits).flatMap(file => {
    const here = edits.map(change => ({...change, blocks: change.blocks.filter(block => block.file === file)}))
    const present = here.filter(({blocks}) => blocks.length > 0)
    const reasons = present.map(({finding, fix, blocks}) => {
      const lines = blocks.flatMap(block => block.lines).map(line => codeSpan(line))
      return `- ${lines.join(', ')}: ${markdownText(finding.title)}${fix.note ? ` - ${markdownText(fix.note)}` : ''}`
    })
    return [
      `In ${codeSpan(file)}:`,
      reasons.join('\n'),
      fence(
        present.flatMap(({blocks}) => blocks.flatMap(blockLines)),
        'conf',
      ),
    ]
  })
}

function alternatives({alternatives}: Plan): string[] {
  const lines = alternatives.flatMap(({blocks}) => blocks.flatMap(blockLines))
  return lines.length ? ['Or, instead of editing, by SQL as a superuser:', fence(lines, 'sql')] : []
}

function changeSection({finding, fix, blocks}: Change): string[] {
  const facts = [codeSpan(finding.rule), markdownText(finding.title), markdownText(costOf(fix))].filter(Boolean)
  return [
    `### ${markdownText(fix.title)}`,
    facts.join(' · '),
    ...(fix.note ? [markdownText(fix.note)] : []),
    ...blocks.map(markdownBlock),
  ]
}

function verifySection(blocks: Block[]): string[] {
  const typed = (language: Block['language']) => blocks.filter(block => block.language === language)
  const words = blocks.filter(({lines}) => lines.length === 0)
  const fenced = (['sh', 'sql'] as const)
    .filter(language => typed(language).length > 0)
    .map(language => fence(typed(language).flatMap(blockLines), language))
  return [...fenced, ...words.map(markdownBlock)]
}

/** Only statements. What follows `--` has passed prose(), so it cannot leave its line. */
function sqlLines(report: Report, plan: Plan): string[] {
  const statements = plan.statements.flatMap(({finding, fix, blocks}) => [
    `-- ${prose(finding.rule)}: ${prose(fix.title)}`,
    ...(fix.lock ? [`-- lock: ${prose(fix.lock)}`] : []),
    ...(fix.note ? [`-- ${prose(fix.note)}`] : []),
    ...blocks.flatMap(blockLines),
    '',
  ])
  const others = plan.alternatives.flatMap(({blocks}) => blocks.flatMap(blockLines)).map(line => `-- ${line}`)
  return [
    `-- ahsp-db ${prose(report.tool)}: ${prose(serverLine(report))}`,
    '',
    ...statements,
    ...plan.apply.filter(({language}) => language === 'sql').flatMap(blockLines),
    ...(others.length ? ['-- Instead of lines in the configuration file, as a superuser:', ...others] : []),
  ]
}

/** Only lines for configuration files, each below the comment that says where it goes. */
function confLines(report: Report, plan: Plan): string[] {
  const elsewhere = [...plan.statements, ...plan.others].filter(({fix}) => fix.setting)
  return [
    `# ahsp-db ${prose(report.tool)}: ${prose(serverLine(report))}`,
    '',
    ...plan.edits.flatMap(({blocks}) => [...blocks.flatMap(blockLines), '']),
    ...elsewhere.map(({fix}) => `# not in a file here: ${prose(fix.title)} (see: ahsp-db fix)`),
    ...plan.apply.flatMap(block => [`# then: ${prose(block.text)}`, ...blockLines(block).map(line => `#   ${line}`)]),
  ]
}
