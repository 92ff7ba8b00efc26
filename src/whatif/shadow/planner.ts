import {qualified, quoteIdent} from '../../sql/quote.js'
import {renameIndexes} from '../plan-tree.js'
import {type Configuration, type Plan, PlanError, type Planner, type PlannerStatement} from '../planner.js'
import {candidateSteps} from './candidates.js'
import {keyOf} from './ddl.js'
import {explainGeneric, explainWithValues} from './explain.js'
import {loadSchema} from './load.js'
import {type ShadowTable, setValid, withParts} from './relations.js'
import type {TargetSchema} from './schema.js'
import {run, startShadowServer} from './server.js'
import {applySizes, bytesOf, emptyTables, type Sizing, startSizing} from './sizing.js'
import {createAll} from './steps.js'
import {type State, switchIndexes, switchSettings} from './switches.js'

export type ShadowPlanner = Planner & {
  kind: 'shadow'
  /** what is less faithful than it could be, for people */
  notes: string[]
}

/**
 * A private server with the target's schema, statistics and sizes, and no row of it. It is removed by close(), and at
 * every end of this process. Throws when the server does not start.
 */
export async function openShadow(schema: TargetSchema): Promise<ShadowPlanner> {
  const shadow = await startShadowServer(schema.locale)
  try {
    const session = await shadow.open()
    const {tables, disabled, notes} = await loadSchema(shadow, session, schema)
    await run(session, 'SET plan_cache_mode = force_custom_plan; SET jit = off')
    const state: State = {
      shadow,
      session,
      sizing: await startSizing(shadow, session, tables),
      isSized: false,
      searchPath: [schema.settings.search_path, ...schema.extensions.map(keyOfExtension)].filter(Boolean).join(', '),
      candidates: new Map(),
      partNames: new Map(),
      switched: new Set(),
      settings: new Map(),
      prepared: new Map(),
    }
    return plannerOf(state, disabled, notes)
  } catch (error) {
    await shadow.server.stop()
    throw error
  }
}

const keyOfExtension = ({schema}: {schema: string}) => quoteIdent(schema)

function plannerOf(state: State, disabled: Planner['disabled'], notes: string[]): ShadowPlanner {
  // One after the other: the switches are the server's, not the statement's.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
  return {
    kind: 'shadow',
    disabled,
    notes,
    prepare: definitions => inTurn(() => prepare(state, definitions)),
    explain: (statement, configuration = {}) =>
      inTurn(() => explain(state, statement, configuration).catch(error => rethrow(error, disabled))),
    close: () =>
      inTurn(async () => {
        await Promise.all([state.session.close(), state.shadow.admin.close()])
        await state.shadow.server.stop()
      }),
  }
}

/** "does not exist" would mislead where it is only missing here. */
function rethrow(error: Error, disabled: Planner['disabled']): never {
  const missing = error instanceof PlanError && /relation "(.*)" does not exist/s.exec(error.message)?.[1]
  const left = missing && disabled.find(({table}) => table.endsWith(`"${missing.split('.').at(-1)}"`))
  if (left) throw new PlanError(`${left.table} cannot be planned: ${left.reason}`, {cause: error})
  throw error
}

async function prepare(state: State, definitions: Parameters<Planner['prepare']>[0]) {
  const {sizing, shadow, candidates} = state
  const steps = candidateSteps(definitions, candidates.size + 1)
  for (const {name} of steps) candidates.set(name, [])
  const tables = state.isSized ? partsOf(sizing, definitions) : sizing.tables
  if (state.isSized) emptyTables(sizing, tables)
  const builder = await shadow.open()
  await run(builder, `SET client_min_messages = error; SET search_path = ${state.searchPath || 'pg_catalog'}`)
  const {failed} = await createAll(builder, steps).finally(() => builder.close())
  await applySizes(sizing, tables)
  state.isSized = true
  const refused = failed.map(({step, reason}) => ({definition: step.definition, reason}))
  const prepared = steps
    .filter(step => !failed.some(failure => failure.step === step))
    .map(({name, definition}) => ({name, definition, bytes: register(state, definition.schema, name)}))
  await setValid(
    shadow.admin,
    prepared.flatMap(({name}) => candidates.get(name)!),
    false,
  )
  return {prepared, refused}
}

/** Bytes of the candidate with its parts. */
function register({sizing, candidates, partNames}: State, schema: string, name: string): number {
  const index = sizing.indexes.find(other => other.name === name && other.schema === schema)!
  const oids = withParts(sizing.indexes, index.oid)
  candidates.set(name, oids)
  for (const part of sizing.indexes.filter(({oid}) => oids.includes(oid))) partNames.set(part.name, name)
  return bytesOf(sizing, oids)
}

/** The tables of the definitions; where one of them is partitioned, all: its partitions are among them. */
function partsOf(sizing: Sizing, definitions: Parameters<Planner['prepare']>[0]): ShadowTable[] {
  const names = new Set(definitions.map(({schema, table}) => qualified(schema, table)))
  const named = sizing.tables.filter(table => names.has(keyOf(table)))
  return named.some(({kind}) => kind === 'p') ? sizing.tables : named
}

async function explain(state: State, statement: PlannerStatement, configuration: Configuration): Promise<Plan> {
  if (!state.isSized) {
    await applySizes(state.sizing)
    state.isSized = true
  }
  await switchIndexes(state, configuration)
  await switchSettings(state, configuration.settings ?? {})
  const {session, prepared} = state
  const {sql, values} = statement
  const plan = values ? await explainWithValues(session, prepared, sql, values) : await explainGeneric(session, sql)
  // The part of a candidate on a partition goes by the candidate's name.
  renameIndexes(plan.root, state.partNames)
  return plan
}
