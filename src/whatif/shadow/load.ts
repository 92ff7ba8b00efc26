import type {Connection} from '../../connect/postgres.js'
import {quoteLiteral} from '../../sql/quote.js'
import * as ddl from './ddl.js'
import {extendedSteps} from './extended.js'
import {createCollation} from './locale.js'
import type {TargetSchema, TargetTable} from './schema.js'
import {run, type ShadowServer} from './server.js'
import {createAll, type Failure, type Step} from './steps.js'

export type Loaded = {
  tables: TargetTable[]
  disabled: {table: string; reason: string}[]
  notes: string[]
}

/** What the planner of an older server could not do, and must not do here. */
const SINCE: Record<string, number> = {
  enable_incremental_sort: 130000,
  enable_memoize: 140000,
  enable_async_append: 140000,
  enable_presorted_aggregate: 160000,
  enable_group_by_reordering: 170000,
  enable_self_join_elimination: 180000,
  enable_distinct_reordering: 180000,
}

/** Creates the target's objects, without rows, in dependency order. What cannot be created is left out by name. */
export async function loadSchema(shadow: ShadowServer, session: Connection, schema: TargetSchema): Promise<Loaded> {
  const notes = [...schema.notes, ...(shadow.localeNote ? [shadow.localeNote] : [])]
  const create = async <S extends Step>(steps: S[], by = session): Promise<Failure<S>[]> => {
    const {failed, degraded} = await createAll(by, steps)
    notes.push(...degraded.map(({step, reason}) => `${step.label} is only stood in for: ${reason}`))
    return failed
  }
  const note = (failures: Failure[]) => notes.push(...notesOf(failures))
  await run(session, 'SET client_min_messages = error; SET check_function_bodies = off; SET search_path = pg_catalog')
  note(await create(ddl.schemaSteps(schema)))
  note(await create(ddl.extensionSteps(schema), shadow.admin))
  note(await create(schema.collations.map(collationStep), shadow.admin))
  const foreign = schema.tables.filter(({accessMethod}) => accessMethod !== null)
  const wanted = {...schema, tables: schema.tables.filter(({accessMethod}) => accessMethod === null)}
  const failed = await create([...ddl.typeSteps(wanted), ...ddl.functionSteps(wanted), ...ddl.tableSteps(wanted)])
  const isTable = (failure: Failure): failure is Failure<ddl.TableStep> => 'table' in failure.step
  note(failed.filter(failure => !isTable(failure)))
  const disabled = new Map<TargetTable, string>([
    ...foreign.map(table => [table, `its rows are kept by ${table.accessMethod}, not by heap`] as const),
    ...failed.filter(isTable).map(({step, reason}) => [step.table, reason] as const),
  ])
  await dropIncomplete(session, wanted.tables, disabled)
  const tables = wanted.tables.filter(table => !disabled.has(table))
  note(await create(ddl.checkSteps(tables)))
  note(await create(ddl.attachSteps(tables)))
  const views = await create(ddl.viewSteps(schema))
  note(await create(ddl.indexSteps(tables)))
  note(await create(ddl.lateSteps(tables)))
  note(await create(settingSteps(schema, true)))
  note(await create(ddl.statisticsSteps(tables)))
  note(await create(extendedSteps(tables), shadow.admin))
  note(await create(settingSteps(schema, false)))
  return {
    tables,
    disabled: [
      ...[...disabled].map(([table, reason]) => ({table: ddl.keyOf(table), reason})),
      ...views.map(({step, reason}) => ({table: step.label.replace('view ', ''), reason})),
    ],
    notes,
  }
}

const NAMED = 5

/** One missing type may take hundreds of functions with it: the first are named, the rest counted. */
function notesOf(failures: Failure[]): string[] {
  const named = failures.slice(0, NAMED).map(({step, reason}) => `${step.label} is left out: ${reason}`)
  const more = failures.length - named.length
  return more > 0 ? [...named, `${more} more like ${failures[NAMED]!.step.label} are left out`] : named
}

const collationStep = (collation: TargetSchema['collations'][number]): Step => ({
  label: `collation ${ddl.keyOf(collation)}`,
  sql: createCollation(collation),
})

/** A table without one of its partitions or children would look smaller than it is. */
async function dropIncomplete(
  session: Connection,
  tables: TargetTable[],
  disabled: Map<TargetTable, string>,
): Promise<void> {
  const byName = new Map(tables.map(table => [ddl.keyOf(table), table]))
  const queue = [...disabled.keys()]
  for (let child = queue.pop(); child; child = queue.pop()) {
    for (const parent of child.parents.flatMap(name => byName.get(ddl.keyOf(name)) ?? [])) {
      if (disabled.has(parent)) continue
      disabled.set(parent, `${ddl.keyOf(child)}, a part of it, cannot be planned`)
      await run(session, `DROP TABLE ${ddl.keyOf(parent)} CASCADE`)
      queue.push(parent)
    }
  }
}

/** Statistics are texts that only the session's formats of dates make sense of; they come before the search path. */
function settingSteps(schema: TargetSchema, isFormat: boolean): Step[] {
  const isChosen = (name: string) => /^(DateStyle|IntervalStyle|TimeZone)$/.test(name) === isFormat
  const missing = Object.entries(SINCE).flatMap(([name, since]) =>
    schema.versionNum < since ? [[name, 'off'] as const] : [],
  )
  const later = schema.versionNum < 130000 ? [['hash_mem_multiplier', '1'] as const] : []
  return [...Object.entries(schema.settings), ...(isFormat ? [] : [...missing, ...later])]
    .filter(([name]) => isChosen(name))
    .map(([name, value]) => ({
      label: `setting ${name}`,
      sql: [
        `SELECT pg_catalog.set_config(name, ${quoteLiteral(value)}, false) FROM pg_catalog.pg_settings WHERE name = ${quoteLiteral(name)}`,
      ],
    }))
}
