import type {PlanNode} from './planner.js'
import {type Memory, spills} from './shape.js'

/** One decision of the planner: what it is about, and what was chosen. */
type Decision = {kind: 'scan' | 'join' | 'sort' | 'group' | 'hash' | 'cache' | 'workers'; label: string; choice: string}

const JOINS = new Set(['Nested Loop', 'Hash Join', 'Merge Join'])
const GROUPINGS: Record<string, string> = {Hashed: 'HashAggregate', Sorted: 'GroupAggregate', Mixed: 'MixedAggregate'}
const NONE = 'none'

/** In words, what one plan does in another way than another: `orders: Seq Scan -> Index Scan using orders_at_idx`. */
export function differences(before: PlanNode, after: PlanNode, memory: {before: Memory; after: Memory}): string[] {
  const [old, now] = [decisionsOf(before, memory.before), decisionsOf(after, memory.after)]
  const texts: string[] = []
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key), now.get(key)]
    const {kind, label} = (was ?? is)!
    const isOneSided = !was || !is
    // A join of other tables is told as another order; its hash table comes and goes with it.
    if (was?.choice === is?.choice || (isOneSided && (kind === 'join' || kind === 'hash'))) continue
    texts.push(`${label}: ${was?.choice ?? NONE} -> ${is?.choice ?? NONE}`)
  }
  const joins = (found: Map<string, Decision>) => [...found].flatMap(([key, {kind}]) => (kind === 'join' ? key : []))
  const [joinedBefore, joinedAfter] = [new Set(joins(old)), joins(now)]
  if (joinedAfter.some(key => !joinedBefore.has(key))) texts.push('the tables are joined in another order')
  return texts.length > 0 ? texts : ['the steps are the same, in another order']
}

function decisionsOf(root: PlanNode, memory: Memory): Map<string, Decision> {
  const found = new Map<string, Decision>()
  const walk = (node: PlanNode, parents: readonly PlanNode[]): void => {
    const decision = decisionOf(node, spills(node, parents, memory))
    if (decision) found.set(`${decision.kind} ${decision.label}`, decision)
    for (const child of node.Plans ?? []) walk(child, [...parents, node])
  }
  walk(root, [])
  return found
}

function decisionOf(node: PlanNode, toDisk: boolean | null): Decision | null {
  const {'Node Type': type, 'Relation Name': relation, Alias: alias = relation} = node
  const place = toDisk ? 'on disk' : 'in memory'
  if (relation !== undefined && type !== 'ModifyTable') {
    const label = alias === relation ? relation : `${relation} ${alias}`
    return {kind: 'scan', label, choice: scanText(node)}
  }
  const below = aliasesIn(node).join(', ')
  if (JOINS.has(type)) return {kind: 'join', label: `join of ${below}`, choice: joinText(node)}
  if (type === 'Sort' || type === 'Incremental Sort') {
    const choice = type === 'Sort' ? place : 'incremental'
    return {kind: 'sort', label: `sort by ${listed(node['Sort Key'])}`, choice}
  }
  if (type === 'Hash') return {kind: 'hash', label: `hash table of ${below}`, choice: place}
  if (type === 'Aggregate' && node['Group Key'] !== undefined && node['Partial Mode'] !== 'Partial') {
    const choice = `${GROUPINGS[String(node.Strategy)] ?? 'Aggregate'}${toDisk ? ', on disk' : ''}`
    return {kind: 'group', label: `group by ${listed(node['Group Key'])}`, choice}
  }
  if (type === 'Memoize' || type === 'Materialize') return {kind: 'cache', label: `cache of ${below}`, choice: type}
  if (type !== 'Gather' && type !== 'Gather Merge') return null
  return {kind: 'workers', label: 'parallel workers', choice: String(node['Workers Planned'])}
}

const listed = (keys: unknown) => (Array.isArray(keys) ? keys.join(', ') : String(keys ?? ''))

function scanText(node: PlanNode): string {
  const {'Node Type': type, 'Index Name': index} = node
  const names = index === undefined ? bitmapIndexes(node) : [index]
  const kind = `${node['Parallel Aware'] === true ? 'Parallel ' : ''}${type}`
  return names.length > 0 ? `${kind} using ${names.join(' and ')}` : kind
}

const bitmapIndexes = (node: PlanNode): string[] =>
  (node.Plans ?? [])
    .filter(({'Node Type': type}) => type.startsWith('Bitmap'))
    .flatMap(child => [...(child['Index Name'] === undefined ? [] : [child['Index Name']]), ...bitmapIndexes(child)])

function joinText(node: PlanNode): string {
  const {'Node Type': type, 'Join Type': kind} = node
  const text = `${node['Parallel Aware'] === true ? 'Parallel ' : ''}${type}`
  return kind === undefined || kind === 'Inner' ? text : `${text} (${kind})`
}

/** Names of the tables below a node, each once. */
function aliasesIn(node: PlanNode): string[] {
  const own = node.Alias === undefined ? [] : [node.Alias]
  return [...new Set([...own, ...(node.Plans ?? []).flatMap(aliasesIn)])].sort()
}
