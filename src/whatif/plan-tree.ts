import type {Row} from '../connect/postgres.js'
import type {Plan, PlanNode} from './planner.js'

/** The plan among the results of statements of which one was EXPLAIN (FORMAT JSON). */
export function planOf(results: Row[][]): Plan {
  const row = results.flat().find(other => 'QUERY PLAN' in other)!
  const root = (row['QUERY PLAN'] as [{Plan: PlanNode}])[0].Plan
  return {cost: root['Total Cost'], startupCost: root['Startup Cost'], rows: root['Plan Rows'], root}
}

/** Gives indexes the names that callers know, in place. */
export function renameIndexes(node: PlanNode, names: ReadonlyMap<string, string>): void {
  const name = node['Index Name'] && names.get(node['Index Name'])
  if (name) node['Index Name'] = name
  for (const child of node.Plans ?? []) renameIndexes(child, names)
}
