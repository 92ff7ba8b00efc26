import {assignment, type Overridden, overriddenSettings, settingName} from '../../derive/overrides.js'
import {defineRule, type Evidence, type FindingDraft, type FixRequest} from '../../rule.js'
import type {RoleSetting} from '../../snapshot.js'
import {quoteIdent} from '../../sql/quote.js'

export default defineRule({
  id: 'observability/overridden-setting',
  title: 'A line in the configuration has no effect',
  category: 'observability',
  needs: ['settings'],
  uses: ['fileSettings', 'roleSettings'],
  options: {},
  severity: {
    low: 'another line, ALTER SYSTEM or the command line says something else: who edits the line changes nothing',
    info: 'a role or database has a value of its own: often meant, and easily forgotten',
  },
  why:
    'People edit the line they find first, restart, and believe that it holds. When another place wins, the change is lost ' +
    'without a word.',
  references: [
    'https://www.postgresql.org/docs/current/config-setting.html',
    'https://www.postgresql.org/docs/current/view-pg-file-settings.html',
  ],
  check({settings, fileSettings, roleSettings}) {
    const files = fileSettings.ok ? fileSettings.data : null
    const found = overriddenSettings(settings, files, roleSettings.ok ? roleSettings.data : [])
    if (!fileSettings.ok && found.length === 0) {
      const cure = fileSettings.grant ? {cure: fileSettings.grant} : {}
      return {cannotJudge: `the lines of the configuration files: ${fileSettings.message}`, ...cure}
    }
    const seen = files ? `${files.length} lines of the configuration files` : 'roles and databases only'
    const names = found.map(({setting}) => setting.name).join(', ')
    return {summary: `${names || 'nothing'} is overridden (looked at: ${seen})`, findings: found.map(finding)}
  },
})

function finding(item: Overridden): FindingDraft {
  const {setting, losers, winner, roles} = item
  const {name} = setting
  const [loser] = losers
  const place =
    winner.kind === 'start' ? `the ${winner.source}` : winner.kind === 'roles' ? 'the file' : at(winner.line)
  return {
    severity: loser ? 'low' : 'info',
    subject: name,
    title: loser
      ? `${name} = ${loser.value} in the file has no effect: ${setting.name} = ${winner.value} wins`
      : `${name} = ${winner.value} does not hold for ${scope(roles[0]!)}${roles.length > 1 ? ` and ${roles.length - 1} more` : ''}`,
    detail: loser
      ? `${at(loser)} loses against ${place}. Which of the two was meant is not known.`
      : 'A role or database has its own value. If that is meant, ignore this.',
    evidence: [...evidence(item, place)],
    confidence: 'measured',
    fixes: loser ? [fileFix(item, place)] : [roleFix(name, roles)],
  }
}

const at = ({file, line}: {file: string; line: number}) => `${file}, line ${line}`

function evidence({setting, losers, winner, roles}: Overridden, place: string): Evidence[] {
  return [
    {label: `${setting.name} that holds`, value: winner.value, source: place},
    ...losers.slice(0, 5).map(loser => ({label: 'without effect', value: loser.value, source: at(loser)})),
    ...roles.slice(0, 5).map(row => ({label: scope(row), value: row.value, source: 'pg_db_role_setting'})),
  ]
}

function fileFix({setting, losers, winner}: Overridden, place: string): FixRequest {
  const {name} = setting
  const lines = losers.map(at).join('; ')
  if (winner.kind !== 'auto') {
    const steps = [
      `Delete or comment out ${lines}: the server does not change, the file says what holds.`,
      `Or, if that line was meant, take the value away from ${place}, and reload or restart.`,
    ]
    return {kind: 'action', title: `Leave one place that sets ${name}`, risk: 'safe', steps}
  }
  const needsRestart = setting.context === 'postmaster' ? ' It takes a restart.' : ''
  return {
    kind: 'sql',
    title: `Let the line in the file hold again (${name} = ${losers.at(-1)!.value})`,
    statements: [`ALTER SYSTEM RESET ${settingName(name)}`, 'SELECT pg_reload_conf()'],
    undo: [`ALTER SYSTEM SET ${assignment(name, winner.value)}`, 'SELECT pg_reload_conf()'],
    lock: 'none',
    note: `It changes the value from ${winner.value}.${needsRestart} To keep that, delete ${lines} instead.`,
  }
}

function roleFix(name: string, roles: RoleSetting[]): FixRequest {
  return {
    kind: 'sql',
    title: `If it is not meant: let the server's value of ${name} hold for all`,
    statements: roles.map(row => `${alter(row)} RESET ${settingName(name)}`),
    undo: roles.map(row => `${alter(row)} SET ${assignment(name, row.value)}`),
    lock: 'none',
    note: 'New sessions see it.',
  }
}

function scope({role, database}: RoleSetting): string {
  if (role === null) return database === null ? 'all roles' : `database ${quoteIdent(database)}`
  return `role ${quoteIdent(role)}${database === null ? '' : ` in database ${quoteIdent(database)}`}`
}

function alter({role, database}: RoleSetting): string {
  if (role === null) return `ALTER ${database === null ? 'ROLE ALL' : `DATABASE ${quoteIdent(database)}`}`
  return `ALTER ROLE ${quoteIdent(role)}${database === null ? '' : ` IN DATABASE ${quoteIdent(database)}`}`
}
