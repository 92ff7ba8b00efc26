import type {FixRequest} from '../rule.js'
import type {RoleSetting, Snapshot} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import type {Current} from './current.js'
import {joinNotes} from './note.js'
import type {Platform} from './platform.js'
import {sameValue} from './values.js'

/** On a standby these must not be lower than on the primary, or it stops replaying. */
const STANDBY_FIRST = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
]
const MAX_OVERRIDES = 5

export type NoteInput = {
  request: Extract<FixRequest, {kind: 'setting'}>
  current: Current
  platform: Platform
  sections: Snapshot['sections']
  to: string
  perRole: boolean
}

/** What a person must know before typing: who else sets it, what we could not see, what comes first. */
export function settingNotes(input: NoteInput): string | undefined {
  const {request, current, platform} = input
  const notes = [request.note, ...(input.perRole ? [] : serverNotes(input))]
  if (current.setting === null && request.name.endsWith('_preload_libraries')) {
    notes.push('The present value is hidden from this role: keep the libraries that the line names already.')
  }
  if (!platform.managed && platform.grant && !input.perRole) {
    notes.push(`The file and the service are hidden from this role; ${platform.grant} shows them.`)
  }
  return joinNotes(notes)
}

function serverNotes({request, current, platform, sections, to}: NoteInput): (string | undefined)[] {
  const {place, setting} = current
  const unit = setting?.unit ?? null
  const waiting = current.fileValue !== null && sameValue(current.fileValue, to, unit) && place.kind !== 'outside'
  const losers = current.overrides.filter(entry => !sameValue(entry.value, to, unit))
  const hasStandby = sections.replicas.ok && sections.replicas.data.length > 0
  return [
    place.kind === 'outside' && !platform.managed
      ? `The ${place.source} sets it: a line in a file, or ALTER SYSTEM, would lose.`
      : undefined,
    place.kind === 'auto' && !waiting
      ? 'A line in postgresql.conf would lose against postgresql.auto.conf.'
      : undefined,
    place.kind === 'hidden' && !platform.managed
      ? 'If ALTER SYSTEM set it before, postgresql.auto.conf wins: then use the SQL way.'
      : undefined,
    waiting && !platform.managed ? 'The file has this value already: it only has to take effect.' : undefined,
    losers.length
      ? `Still wins over this: ${losers.slice(0, MAX_OVERRIDES).map(describe).join(', ')}${more(losers)}.`
      : undefined,
    hasStandby && STANDBY_FIRST.includes(request.name)
      ? 'Raise it on the standbys first, or they stop replaying.'
      : undefined,
  ]
}

function describe({role, database, value}: RoleSetting): string {
  const who = role === null ? (database === null ? 'ALTER ROLE ALL' : '') : `role ${quoteIdent(role)}`
  const where = database === null ? '' : `${who ? ' in ' : ''}database ${quoteIdent(database)}`
  return `${who}${where} (${value})`
}

function more(all: RoleSetting[]): string {
  return all.length > MAX_OVERRIDES ? ` and ${all.length - MAX_OVERRIDES} more` : ''
}
