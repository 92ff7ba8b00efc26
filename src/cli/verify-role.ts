import type {Snapshot} from '../snapshot.js'

/** What only a superuser, or a role that reads the data, may see: not asked of a least-privilege role. */
const OPTIONAL = new Set(['columnStatistics', 'fileSettings', 'hbaRules', 'indexAdvice'])

/** Sections that this server has and this role could not read; the optional ones not counted. */
export const missingSections = (snapshot: Snapshot) => closedSections(snapshot).filter(({name}) => !OPTIONAL.has(name))

/** Of the consoles that were asked for, one or all could not be read. */
export const missesPooler = ({sections: {poolers}}: Snapshot): boolean =>
  poolers.ok ? poolers.total !== undefined : poolers.reason !== 'unsupported'

const closedSections = ({sections}: Snapshot) =>
  Object.entries(sections).flatMap(([name, section]) =>
    section.ok || section.reason === 'unsupported' ? [] : [{name, ...section}],
  )

export type RoleVerdict = {text: string; complete: boolean}

/** A console that was given in the server's place: what its user was refused there. */
function verifyConsole({sections: {poolers}, target}: Snapshot): RoleVerdict | null {
  if (!poolers.ok) return poolers.reason === 'unsupported' ? null : {text: `${poolers.message}\n`, complete: false}
  const refused = poolers.data.flatMap(({unread}) => unread).map(({command, message}) => `  ${command}: ${message}`)
  const user = `user ${JSON.stringify(target.user)}`
  if (refused.length === 0) return {text: `COMPLETE: ${user} can read all of PgBouncer's console\n`, complete: true}
  const text = [`INCOMPLETE: ${user} cannot read all of PgBouncer's console`, ...refused].join('\n')
  return {text: `${text}\n`, complete: false}
}

/** Which sections this role can read, and the grant or line that opens each of the others. */
export function verifyRole(snapshot: Snapshot): RoleVerdict {
  const {sections, target} = snapshot
  const isConsole = !sections.server.ok && sections.server.reason === 'unsupported'
  const ofConsole = isConsole ? verifyConsole(snapshot) : null
  if (ofConsole) return ofConsole
  const closed = closedSections(snapshot)
  const missing = missingSections(snapshot)
  const {server} = sections
  const notes = [
    server.ok && server.data.isSuperuser ? 'note: this is a superuser; a role with pg_monitor is enough' : '',
    ...closed
      .filter(({name}) => OPTIONAL.has(name))
      .map(({name, message}) => `note: ${name} stays closed (${message}); optional`),
  ].filter(Boolean)
  const cures = [...new Set(missing.map(({grant}) => grant).filter(grant => grant !== undefined))]
  const readable = Object.keys(sections).length - closed.length
  const lines = [
    missing.length === 0
      ? `COMPLETE: role ${JSON.stringify(target.user)} can read all ${readable} sections that it needs`
      : `INCOMPLETE: role ${JSON.stringify(target.user)} cannot read ${missing.length} sections`,
    ...missing.map(({name, message}) => `  ${name}: ${message}`),
    ...(cures.length > 0 ? ['', 'as a superuser:', ...cures.map(cure => `  ${cure}`)] : []),
    ...notes,
  ]
  return {text: `${lines.join('\n')}\n`, complete: missing.length === 0}
}
