import {formatQuantity} from './config/quantity.js'
import {shellQuote} from './fix/apply.js'
import {consoleConninfo} from './fix/pooler.js'
import type {Context, Rule} from './rule.js'
import type {SectionName, Snapshot} from './snapshot.js'

type Asked = Pick<Rule, 'id' | 'category' | 'asksFor'> & {needs: readonly SectionName[]; uses?: readonly SectionName[]}

/** The same question again, for "verify": without the users, or the machine's size, the answer could be another one. */
export function questionOf(
  {id, category, asksFor, needs, uses = []}: Asked,
  {users, ramBytes, cpus, diskFreeBytes, storage, baseline}: Context,
  {poolers}: Pick<Snapshot['sections'], 'poolers'>,
): string {
  const readsPoolers = [...needs, ...uses].includes('poolers')
  const flags = [
    users === undefined ? '' : `--users ${users}`,
    category === 'pooler' && cpus ? `--cpus ${cpus}` : '',
    category === 'memory' && ramBytes ? `--ram ${formatQuantity(ramBytes, 'bytes')}` : '',
    id === 'safety/disk-growth' && diskFreeBytes ? `--disk-free ${formatQuantity(diskFreeBytes, 'bytes')}` : '',
    category === 'planner' && storage ? `--storage ${storage}` : '',
    asksFor === 'baseline' && baseline ? `--baseline ${shellQuote(baseline.file)}` : '',
    ...(poolers.ok && readsPoolers ? poolers.data.map(each => `--pgbouncer ${shellQuote(consoleConninfo(each))}`) : []),
  ]
  return [id, ...flags.filter(Boolean)].join(' ')
}
