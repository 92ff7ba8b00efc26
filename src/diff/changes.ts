import {changesBetween} from '../loadtest/journey/changes.js'
import type {Change} from '../loadtest/journey/types.js'
import type {Snapshot} from '../snapshot.js'
import type {Diff} from './diff-types.js'

/** Settings (those of roles and poolers, too) and schema that changed between two snapshots. Pure. */
export function changesDiff(
  before: Snapshot | null,
  after: Snapshot | null,
): Pick<Diff, 'settings' | 'schema' | 'incomparable'> {
  if (!before || !after) {
    const side = before ? 'second' : after ? 'first' : 'first and the second'
    const reason = `settings and schema: of the ${side} run there is only a report`
    return {settings: [], schema: [], incomparable: [reason]}
  }
  const {changes, unknown} = changesBetween(before, after)
  return {
    settings: changes.filter(({kind}) => kind === 'setting' || kind === 'pooler').map(settingOf),
    schema: changes.flatMap(schemaOf),
    incomparable: unknown,
  }
}

function settingOf({text, of}: Change): Diff['settings'][number] {
  return of ?? {name: text, from: null, to: null}
}

const KINDS = {version: 'server', extension: 'extension', index: 'index', table: 'table'} as const

function schemaOf({kind, text, of}: Change): Diff['schema'] {
  if (!(kind in KINDS)) return []
  const part = KINDS[kind as keyof typeof KINDS]
  if (!of) return [{kind: part, name: text, change: 'changed', detail: ''}]
  const {name, from, to} = of
  if (from === null) return [{kind: part, name, change: 'added', detail: to ?? ''}]
  if (to === null) return [{kind: part, name, change: 'removed', detail: from}]
  return [{kind: part, name, change: 'changed', detail: from === '' ? to : `${from} -> ${to}`}]
}
