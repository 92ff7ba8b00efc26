import {createHash} from 'node:crypto'
import type {Framework} from '../rule.js'
import {newIndexName} from '../sql/index-name.js'
import type {IndexDefinition} from '../whatif/planner.js'
import type {TargetSchema} from '../whatif/shadow/schema.js'

/** Django refuses longer names of indexes. */
const DJANGO_LONGEST = 30

/** Free names for new indexes, each given once. */
export function indexNames({tables, views}: TargetSchema, framework: Framework | null) {
  const taken = new Map<string, Set<string>>()
  const inSchema = (schema: string) => {
    const known = taken.get(schema) ?? new Set<string>()
    taken.set(schema, known)
    return known
  }
  for (const {schema, name, indexes} of tables)
    for (const each of [name, ...indexes.map(index => index.name)]) inSchema(schema).add(each)
  for (const {schema, name} of views) inSchema(schema).add(name)
  return (definition: IndexDefinition): string => {
    const columns = definition.keys.map(({sql}) => (/\w+/.test(sql) ? sql.match(/\w+/g)!.join('_') : 'expr'))
    const used = inSchema(definition.schema)
    if (framework !== 'django') return newIndexName(definition.table, columns, used)
    const plain = newIndexName(definition.table, columns, new Set(used))
    return plain.length <= DJANGO_LONGEST
      ? newIndexName(definition.table, columns, used)
      : shortName(definition, columns, used)
  }
}

/** As Django makes its own: the table's and the first column's beginning, and a hash of all. */
function shortName({table, include, where}: IndexDefinition, columns: string[], used: Set<string>): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([table, columns, include, where]))
    .digest('hex')
  const name = `${table.slice(0, 11)}_${columns[0]!.slice(0, 7)}_${hash.slice(0, 6)}_idx`
  used.add(name)
  return name
}
