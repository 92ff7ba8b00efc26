import type {PlanNode} from './planner.js'

/** Bytes that a sort, and a hash table, may take before they go to disk. */
export type Memory = {sort: number; hash: number}

const align = (width: number) => Math.ceil(width / 8) * 8
/** What PostgreSQL counts for each row besides its columns (costsize.c, nodeHash.c, nodeAgg.c). */
const SORTED_ROW = 24
const HASHED_ROW = 32
const GROUP = 72
const BUCKET = 8
const MIN_BUCKETS = 1024

/** Whether the planner expects a node to write to disk, which EXPLAIN does not say; null: it is no such node. */
export function spills(node: PlanNode, parents: readonly PlanNode[], memory: Memory): boolean | null {
  const input = node.Plans?.[0]
  const width = align(node['Plan Width'])
  switch (node['Node Type']) {
    case 'Sort': {
      const rows = Math.min(input?.['Plan Rows'] ?? node['Plan Rows'], limitOf(parents))
      return rows * (width + SORTED_ROW) > memory.sort
    }
    case 'Hash':
      return hashBytes(node['Plan Rows'], width) > memory.hash
    case 'Aggregate':
      return node.Strategy === 'Hashed' ? node['Plan Rows'] * (width + GROUP) > memory.hash : null
    default:
      return null
  }
}

/** The rows and, as many as the next power of two, the buckets. */
const hashBytes = (rows: number, width: number) =>
  rows * (width + HASHED_ROW) + BUCKET * 2 ** Math.ceil(Math.log2(Math.max(MIN_BUCKETS, rows)))

/** Of a sort below LIMIT only the first rows are kept. */
function limitOf(parents: readonly PlanNode[]): number {
  const above = parents.findLast(({'Node Type': type}) => type !== 'Gather Merge')
  return above?.['Node Type'] === 'Limit' ? above['Plan Rows'] : Number.POSITIVE_INFINITY
}

const SHOWN = [
  ...['Node Type', 'Strategy', 'Partial Mode', 'Join Type', 'Parent Relationship', 'Parallel Aware', 'Scan Direction'],
  ...['Relation Name', 'Alias', 'Index Name', 'Workers Planned', 'Sort Key', 'Presorted Key', 'Group Key'],
]

/** What makes two plans the same: their nodes, in their order, and what is expected to go to disk; no estimates. */
export function shapeOf(root: PlanNode, memory: Memory): string {
  const walk = (node: PlanNode, parents: readonly PlanNode[]): unknown => [
    ...SHOWN.map(name => node[name] ?? null),
    spills(node, parents, memory),
    ...(node.Plans ?? []).map(child => walk(child, [...parents, node])),
  ]
  return JSON.stringify(walk(root, []))
}
