import type {PlanNode} from '../whatif/planner.js'
import {visible} from './sanitize.js'

const CONDITIONS = ['Index Cond', 'Recheck Cond', 'Filter', 'Hash Cond', 'Merge Cond', 'Join Filter', 'Sort Key']

/** A plan as EXPLAIN shows it, shortened to what an index changes. */
export function planLines(node: PlanNode, depth = 0): string[] {
  const indent = '  '.repeat(depth)
  const index = node['Index Name'] === undefined ? '' : ` using ${node['Index Name']}`
  const relation = node['Relation Name'] === undefined ? '' : ` on ${node['Relation Name']}`
  const parallel = node['Parallel Aware'] === true ? 'Parallel ' : ''
  const head = `${parallel}${node['Node Type']}${index}${relation}  (cost=${node['Total Cost']} rows=${node['Plan Rows']})`
  const details = CONDITIONS.flatMap(name => {
    const value = node[name]
    return value === undefined ? [] : [`${indent}    ${name}: ${Array.isArray(value) ? value.join(', ') : value}`]
  })
  const below = (node.Plans ?? []).flatMap(child => planLines(child, depth + 1))
  return [`${indent}${depth > 0 ? '-> ' : ''}${head}`, ...details].map(visible).concat(below)
}

/** Whose planner said so. */
export const plannerText = (planner: string): string =>
  planner === 'hypopg' ? 'the planner of the server itself (hypopg)' : 'the planner of a shadow'
