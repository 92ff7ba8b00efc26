import type {PlanNode} from '../src/whatif/planner.js'

/** What makes two plans the same: the nodes, what they read, how they join, in their order. */
function labelOf(node: PlanNode): string {
  const parts = [node['Join Type'], node['Node Type'], node.Strategy, node['Index Name'], node['Relation Name']]
  return parts.filter(part => part !== undefined && part !== 'Inner').join(' ')
}

const isLevel = (node: PlanNode) => node['Node Type'] === 'ModifyTable' || node['Node Type'] === 'Append'

/** As a text; equal texts are the same shape. */
export function shapeOf(node: PlanNode): string {
  // Partitions that a run would leave out at its start are not shown with values, nor without by some versions.
  const children = isLevel(node) && node['Subplans Removed'] ? [] : (node.Plans ?? [])
  return `${labelOf(node)}(${children.map(shapeOf).join(',')})`
}

function treeOf(node: PlanNode, depth = 0): string[] {
  const own = `${'  '.repeat(depth)}${labelOf(node)} cost=${node['Total Cost']} rows=${node['Plan Rows']}`
  return [own, ...(node.Plans ?? []).flatMap(child => treeOf(child, depth + 1))]
}

/** Both plans, one below the other. */
export function differences(there: PlanNode, here: PlanNode): string {
  const block = (title: string, node: PlanNode) => `  ${title}\n${treeOf(node, 2).join('\n')}`
  return `${block('original', there)}\n${block('shadow', here)}`
}
