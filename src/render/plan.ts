import {isApplyStep} from '../fix/apply.js'
import type {Block, Finding, Fix, Report} from '../report.js'
import {findingsBySeverity} from './summary.js'

/** All fixes of a report in the order in which a person works: each change once, one restart for all. */
export type Plan = {
  /** lines for configuration files */
  edits: Change[]
  /** statements, and whatever they need to be told */
  statements: Change[]
  /** changes of the platform's console, the command line, the application; things to do */
  others: Change[]
  /** the same settings by ALTER SYSTEM, for people without access to the files */
  alternatives: Change[]
  apply: Block[]
  verify: Block[]
  undo: Block[]
  /** settings that two rules want to be different */
  conflicts: string[]
}
export type Change = {finding: Finding; fix: Fix; blocks: Block[]}

const STRENGTH = {restart: 2, reload: 1, reconnect: 0}

export function planOf(report: Report): Plan {
  const {fixes, conflicts} = distinctFixes(findingsBySeverity(report))
  const changes = (pick: (fix: Fix) => Block[], wanted: (block: Block) => boolean): Change[] =>
    fixes
      .map(({finding, fix}) => ({
        finding,
        fix,
        blocks: pick(fix).filter(block => !isApplyStep(block) && wanted(block)),
      }))
      .filter(({blocks}) => blocks.length > 0)
  const steps = (wanted: (block: Block) => boolean) => changes(fix => fix.steps, wanted)
  // Server and poolers are put into effect each by its own commands.
  const all = fixes.map(({fix}) => fix)
  const files = [...new Set(all.filter(({kind}) => kind === 'pooler').map(({steps}) => steps[0]?.file))]
  const apply = [
    ...applyOnce(all.filter(({kind}) => kind !== 'pooler')),
    ...files.flatMap(file => applyOnce(all.filter(({kind, steps}) => kind === 'pooler' && steps[0]?.file === file))),
  ]
  // The last change is taken back first.
  const undo = fixes.toReversed().flatMap(({fix}) => fix.undo.filter(block => !isApplyStep(block)))
  return {
    edits: steps(isEdit),
    statements: steps(isSql),
    others: steps(block => !isEdit(block) && !isSql(block)),
    alternatives: changes(fix => fix.alternative, isSql),
    apply,
    verify: unique(fixes.flatMap(({fix}) => fix.verify)),
    undo: undo.length ? [...undo, ...apply] : [],
    conflicts,
  }
}

const isEdit = (block: Block) => block.language === 'conf' && block.file !== undefined
const isSql = (block: Block) => block.language === 'sql'

/** Two rules may ask for the same change; when they disagree about a setting, the worse finding wins. */
function distinctFixes(findings: Finding[]): {fixes: {finding: Finding; fix: Fix}[]; conflicts: string[]} {
  const seen = new Map<string, {finding: Finding; fix: Fix}>()
  const conflicts: string[] = []
  for (const finding of findings) {
    for (const fix of finding.fixes) {
      const key = keyOf(fix)
      const first = seen.get(key)
      if (!first) seen.set(key, {finding, fix})
      else if (first.fix.setting && fix.setting && first.fix.setting.to !== fix.setting.to) {
        conflicts.push(
          `${fix.setting.name}: ${first.finding.rule} asks for ${first.fix.setting.to}, ${finding.rule} for ${fix.setting.to}; the first is printed`,
        )
      }
    }
  }
  return {fixes: [...seen.values()], conflicts}
}

/** What a fix changes: the setting in its place, or the very lines. */
function keyOf({kind, setting, steps}: Fix): string {
  const target = steps
    .filter(block => !isApplyStep(block))
    .map(({file, language, lines, text}) => [
      file,
      setting ? lines.map(line => line.split('=')[0]) : [text, lines],
      language,
    ])
  return JSON.stringify([kind, setting?.name, target])
}

/** A restart makes reloads and reconnects needless. */
function applyOnce(fixes: Fix[]): Block[] {
  const settings = fixes.filter(fix => fix.setting)
  const strongest = Math.max(-1, ...settings.map(({setting}) => STRENGTH[setting!.apply]))
  const isRestart = strongest === STRENGTH.restart
  const blocks = settings
    .filter(({setting}) => !isRestart || setting!.apply === 'restart')
    .flatMap(({steps}) => steps.filter(isApplyStep))
  const [reloads, others] = [blocks.filter(isReload), blocks.filter(block => !isReload(block))]
  return unique([...reloads.slice(0, 1), ...others])
}

const isReload = (block: Block) => block.text.startsWith('Reload')

function unique(blocks: Block[]): Block[] {
  return [...new Map(blocks.map(block => [block.lines.join('\n') || block.text, block])).values()]
}
