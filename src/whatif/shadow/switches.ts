import type {Connection} from '../../connect/postgres.js'
import {quoteLiteral} from '../../sql/quote.js'
import {type Configuration, PlanError} from '../planner.js'
import {keyOf} from './ddl.js'
import {planned} from './explain.js'
import {setValid, withParts} from './relations.js'
import type {ShadowServer} from './server.js'
import type {Sizing} from './sizing.js'

/** What a shadow planner holds from one statement to the next. */
export type State = {
  shadow: ShadowServer
  session: Connection
  sizing: Sizing
  isSized: boolean
  searchPath: string
  /** the oids behind the name of a candidate */
  candidates: Map<string, number[]>
  /** names of candidates' parts on partitions -> the candidate's */
  partNames: Map<string, string>
  /** indexes that are not as they are by default (candidates hidden, others visible) */
  switched: Set<number>
  settings: Map<string, {base: string; now: string}>
  prepared: Map<string, string>
}

/** Shows the candidates of a configuration and hides all others, and what it does without. */
export async function switchIndexes(state: State, {indexes = [], without = []}: Configuration): Promise<void> {
  const shown = indexes.flatMap(({name}) => state.candidates.get(name) ?? unknownIndex(name))
  const hidden = without.flatMap(name => {
    const index = state.sizing.indexes.find(other => keyOf(other) === name)
    return index ? withParts(state.sizing.indexes, index.oid) : unknownIndex(name)
  })
  const wanted = new Set([...shown, ...hidden])
  const isCandidate = new Set([...state.candidates.values()].flat())
  const toggled = [
    ...[...wanted].filter(oid => !state.switched.has(oid)),
    ...[...state.switched].filter(oid => !wanted.has(oid)),
  ]
  const {admin} = state.shadow
  const becomesValid = (oid: number) => isCandidate.has(oid) === wanted.has(oid)
  await setValid(admin, toggled.filter(becomesValid), true)
  await setValid(
    admin,
    toggled.filter(oid => !becomesValid(oid)),
    false,
  )
  state.switched = wanted
}

function unknownIndex(name: string): never {
  throw new PlanError(`there is no index ${name}`)
}

/** Sets what the configuration wants, and back to what it was what it does not. */
export async function switchSettings(
  {session, settings}: State,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of Object.keys(wanted)) {
    if (settings.has(name)) continue
    const [rows] = await planned(session, `SELECT pg_catalog.current_setting(${quoteLiteral(name)}) AS value`)
    const base = rows![0]!.value as string
    settings.set(name, {base, now: base})
  }
  for (const [name, setting] of settings) {
    const value = wanted[name] ?? setting.base
    if (value === setting.now) continue
    await planned(session, `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`)
    setting.now = value
  }
}
