import type {Block, Fix} from '../report.js'
import type {FixRequest} from '../rule.js'
import type {Setting, Snapshot} from '../snapshot.js'
import {type Apply, applySteps, reloadInSql} from './apply.js'
import {type Current, confLine, isOverridden, readCurrent} from './current.js'
import {managedSteps} from './managed.js'
import type {Platform} from './platform.js'
import {roleSteps, roleTargets} from './role.js'
import {settingNotes} from './setting-notes.js'
import {humanValue, sameValue, sqlName, sqlValue} from './values.js'
import {verifyBlocks} from './verify.js'

type SettingRequest = Extract<FixRequest, {kind: 'setting'}>

/** What is done to a setting, before the parts that all ways share are added. */
export type Plan = {apply: Apply; from: string | null; steps: Block[]; alternative: Block[]; undo: Block[]}

const UNKNOWN_FILE = 'postgresql.conf (SHOW config_file tells where)'

/** A changed setting: where it is set now decides where it must be changed. */
export function settingFix(
  request: SettingRequest,
  question: string,
  sections: Snapshot['sections'],
  platform: Platform,
): Fix {
  const current = readCurrent(request.name, sections, platform)
  const to = humanValue(request.to, current.setting?.unit ?? null)
  const server = sections.server.ok ? sections.server.data : null
  const scoped = canBeSetPerRole(current.setting) && (request.role || request.database || isOverridden(current))
  const targets = scoped ? roleTargets(request, current, server) : []
  const plan = targets.length
    ? roleSteps(request.name, to, targets)
    : serverPlan(request.name, to, current, platform, server?.database ?? '<database>')
  const note = settingNotes({request, current, platform, sections, to, perRole: targets.length > 0})
  return {
    kind: 'setting',
    title: request.title ?? `Set ${request.name} = ${to}`,
    risk: request.risk ?? (plan.apply === 'restart' ? 'review' : 'safe'),
    ...(note && {note}),
    setting: {name: request.name, from: plan.from, to, apply: plan.apply},
    steps: plan.steps,
    alternative: plan.alternative,
    verify: [...verifyBlocks(question), showBlock(request.name, targets.length > 0 || plan.apply === 'reconnect')],
    undo: plan.undo,
  }
}

function serverPlan(name: string, to: string, current: Current, platform: Platform, database: string): Plan {
  const apply = applyFor(current.setting)
  if (platform.managed) {
    const change = {name, setting: current.setting, apply, database}
    const isDefault = current.setting === null || current.setting.source === 'default'
    return {
      apply,
      from: current.value,
      steps: managedSteps(platform, {...change, to}),
      alternative: [],
      undo: managedSteps(platform, {...change, to: isDefault ? null : current.value}),
    }
  }
  if (current.place.kind === 'outside') return outsidePlan(name, to, current, platform)
  if (isWaiting(to, current)) {
    return {apply, from: current.value, steps: applySteps(apply, platform), alternative: [], undo: []}
  }
  if (current.place.kind === 'auto') return autoPlan(name, to, current.place.oldValue, current, platform, apply)
  return filePlan(name, to, current, platform, apply)
}

/** The line is written already, only its restart or reload is missing. */
function isWaiting(to: string, {fileValue, setting}: Current): boolean {
  return setting !== null && fileValue !== null && sameValue(fileValue, to, setting.unit)
}

function filePlan(name: string, to: string, current: Current, platform: Platform, apply: Apply): Plan {
  const {place, setting} = current
  const line = confLine(name, setting?.vartype, to)
  const file = ('file' in place && place.file) || UNKNOWN_FILE
  const old = 'old' in place ? place.old : undefined
  const at = place.kind === 'file' ? {line: place.line} : {}
  const edit: Block = {
    text: old ? `Change the line in ${file}` : `Add the line at the end of ${file}`,
    language: 'conf',
    lines: [line],
    file,
    ...at,
    ...(old && {replaces: old}),
  }
  const back: Block = {
    text: old ? `Put the old line back in ${file}` : `Remove the line from ${file}`,
    language: 'conf',
    lines: old ? [old] : [],
    file,
    ...at,
    replaces: line,
  }
  const effect = applySteps(apply, platform)
  const sql = current.alterSystem
  return {
    apply,
    from: current.value,
    steps: [edit, ...effect],
    alternative: sql ? [alterSystem(name, to, 'By SQL instead of the file'), ...inSql(apply, platform)] : [],
    undo: [back, ...(sql ? [alterSystem(name, null, 'If it was done by SQL')] : []), ...effect],
  }
}

function autoPlan(name: string, to: string, old: string, current: Current, platform: Platform, apply: Apply): Plan {
  const effect = inSql(apply, platform)
  return {
    apply,
    from: current.value,
    steps: [alterSystem(name, to, 'By SQL: postgresql.auto.conf sets it, and is read last'), ...effect],
    alternative: [],
    undo: [alterSystem(name, old, 'By SQL'), ...effect],
  }
}

/** No file can win here: the line belongs to whatever starts the server. */
function outsidePlan(name: string, to: string, current: Current, platform: Platform): Plan {
  const {source} = current.place as Extract<Current['place'], {kind: 'outside'}>
  const isOption = source === 'command line'
  const starter =
    platform.id === 'docker'
      ? 'the container (docker run, compose file)'
      : 'the server (unit file, pg_ctl -o, Patroni: patronictl edit-config)'
  const option = (value: string) => (isOption ? `-c ${name}=${value}` : `${name} = ${value}`)
  const change = (text: string, value: string, before: string | null): Block => ({
    text,
    language: 'text',
    lines: [option(value)],
    ...(before !== null && {replaces: option(before)}),
  })
  const restart = platform.id === 'docker' ? [RECREATE] : applySteps('restart', platform)
  const what = isOption ? 'option' : 'environment variable'
  return {
    apply: 'restart',
    from: current.value,
    steps: [change(`Change the ${what} where ${starter} is started`, to, current.value), ...restart],
    alternative: [],
    undo: current.value === null ? [] : [change(`Put the old ${what} back`, current.value, to), ...restart],
  }
}

const RECREATE: Block = {
  text: 'Restart: recreate the container (docker restart keeps the old command)',
  language: 'sh',
  lines: ['docker compose up -d'],
}

function inSql(apply: Apply, platform: Platform): Block[] {
  const [first, ...rest] = applySteps(apply, platform)
  return apply === 'restart' ? [first!, ...rest] : [reloadInSql(), ...rest]
}

/** `value` null: RESET. */
function alterSystem(name: string, value: string | null, text: string): Block {
  const action = value === null ? `RESET ${sqlName(name)}` : `SET ${sqlName(name)} = ${sqlValue(name, value)}`
  return {text, language: 'sql', lines: [`ALTER SYSTEM ${action};`]}
}

function showBlock(name: string, newSession: boolean): Block {
  return {
    text: newSession ? 'And in a new session (of that role and database)' : 'And in SQL',
    language: 'sql',
    lines: [`SHOW ${sqlName(name)};`],
  }
}

/** A restart is always enough, so it is the answer for a setting that we could not see. */
function applyFor(setting: Setting | null): Apply {
  if (!setting || setting.context === 'postmaster' || setting.context === 'internal') return 'restart'
  return setting.context === 'backend' || setting.context === 'superuser-backend' ? 'reconnect' : 'reload'
}

function canBeSetPerRole(setting: Setting | null): boolean {
  return setting === null || !['internal', 'postmaster', 'sighup'].includes(setting.context)
}
