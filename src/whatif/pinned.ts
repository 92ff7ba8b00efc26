import {type Configuration, PlanError, type PlanNode, type Planner} from './planner.js'

/** What forbids a kind of node; a forbidden one is only chosen where there is no other way. */
const SWITCHES: Record<string, string> = {
  'Seq Scan': 'enable_seqscan',
  'Index Scan': 'enable_indexscan',
  'Index Only Scan': 'enable_indexonlyscan',
  'Bitmap Heap Scan': 'enable_bitmapscan',
  'Nested Loop': 'enable_nestloop',
  'Hash Join': 'enable_hashjoin',
  'Merge Join': 'enable_mergejoin',
  'Incremental Sort': 'enable_incremental_sort',
  Sort: 'enable_sort',
  Materialize: 'enable_material',
  Memoize: 'enable_memoize',
  'Gather Merge': 'enable_gathermerge',
}
const MAX_ROUNDS = 6
/** Before version 18 a forbidden node is one that costs this much. */
const FORBIDDEN_COST = 1e9

export type Pin = {
  planner: Planner
  sql: string
  /** the plan to be costed */
  wanted: PlanNode
  /** equal for plans that are the same */
  shapeOf: (root: PlanNode) => string
  /** `"schema"."name"` of existing indexes, by name */
  existing: ReadonlyMap<string, string>
}

/**
 * What a plan costs where the planner would choose another one: all that the wanted plan does not have is forbidden, one
 * round after the other, until the planner comes to it. null: it does not.
 */
export async function costOf(pin: Pin, configuration: Configuration): Promise<number | null> {
  const {planner, sql, wanted, shapeOf, existing} = pin
  const shape = shapeOf(wanted)
  const [types, names] = [valuesOf(wanted, 'Node Type'), valuesOf(wanted, 'Index Name')]
  const isGrouped = (strategy: string) => valuesOf(wanted, 'Strategy').has(strategy)
  const settings: Record<string, string> = {...configuration.settings}
  const without = new Set(configuration.without)
  let mayHide = true
  let indexes = configuration.indexes ?? []
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const plan = await explained(planner, sql, {settings, without: [...without], indexes})
    if (!plan) {
      // Older versions of hypopg cannot hide existing indexes; without that it may come to the plan, too.
      const hidden = [...without].filter(name => !configuration.without?.includes(name))
      if (hidden.length === 0) return null
      for (const name of hidden) without.delete(name)
      mayHide = false
      continue
    }
    if (shapeOf(plan.root) === shape) return plan.cost < FORBIDDEN_COST ? plan.cost : null
    const count = Object.keys(settings).length + without.size - indexes.length
    for (const type of valuesOf(plan.root, 'Node Type')) {
      if (!types.has(type) && SWITCHES[type]) settings[SWITCHES[type]] = 'off'
      if (type === 'Gather' && !types.has(type)) settings.max_parallel_workers_per_gather = '0'
    }
    if (valuesOf(plan.root, 'Strategy').has('Hashed') && !isGrouped('Hashed')) settings.enable_hashagg = 'off'
    for (const name of valuesOf(plan.root, 'Index Name')) {
      const index = existing.get(name)
      if (mayHide && !names.has(name) && index) without.add(index)
      if (!names.has(name)) indexes = indexes.filter(each => each.name !== name)
    }
    if (Object.keys(settings).length + without.size - indexes.length === count) return null
  }
  return null
}

async function explained(planner: Planner, sql: string, configuration: Configuration) {
  try {
    return await planner.explain({sql}, configuration)
  } catch (error) {
    if (error instanceof PlanError) return null
    throw error
  }
}

function valuesOf(node: PlanNode, field: string): Set<string> {
  const own = typeof node[field] === 'string' ? [node[field]] : []
  return new Set([...own, ...(node.Plans ?? []).flatMap(child => [...valuesOf(child, field)])])
}
