import type {Application, Section} from '../../snapshot.js'
import type {Loop} from './loops.js'
import type {KeyColumn} from './references.js'
import {plural, relationOf, singular} from './words.js'

/** One look-up of a chain, by the name that an ORM has for the relation. */
export type Step = {
  /** to one row, to many, or only to their number */
  to: 'one' | 'many' | 'count'
  /** through a table of links */
  isLinked: boolean
  /** the table that is looked up */
  table: Table
  /** the relation's own name, e.g. `author` of author_id or `tags` of book_tags; null: nothing tells it */
  relation: string | null
  /** Django's name where the model gives none */
  djangoName: string
}

export type Table = {schema: string; name: string; model: {app: string; model: string} | null}

/** From the rows that the page reads first to those that the loop looks up. */
export type Path = {root: Table; steps: Step[]}

export function pathOf(loop: Loop, application: Section<Application>): Path {
  const loops = [loop]
  for (let outer = loop.outer; outer; outer = outer.outer) loops.unshift(outer)
  const models = application.ok ? application.data.djangoModels : []
  const root = loops[0]!.parents[0]!.column
  return {root: tableOf(root, models), steps: loops.map(each => stepOf(each, models))}
}

type Models = Application['djangoModels']

/** The model whose name fits the most of the table's; what is left over is a many-to-many field. */
export function tableOf({schema, table}: Pick<KeyColumn, 'schema' | 'table'>, models: Models): Table {
  const model = models.find(each => tableName(each) === table) ?? null
  return {schema, name: table, model}
}

const tableName = ({app, model}: {app: string; model: string}) => `${app}_${model}`

function stepOf({lookup, parents}: Loop, models: Models): Step {
  const {kind, subject, onward, reference, key} = lookup
  const looked = tableOf(onward ? onward.to : subject, models)
  const own = looked.model?.model ?? singular(looked.name)
  if (kind === 'm2m') {
    const field =
      linkField(subject.table, key, models) ?? plural(onward ? (relationOf(onward.from.column) ?? own) : own)
    return {to: 'many', isLinked: true, table: looked, relation: field, djangoName: field}
  }
  if (kind === 'pk') {
    const column = parents[0]!.reference?.from.column
    const relation = column === undefined ? null : (relationOf(column) ?? column)
    return {to: 'one', isLinked: false, table: looked, relation, djangoName: relation ?? own}
  }
  const link = linkField(subject.table, key, models)
  const name = link ?? (reference ? own : null)
  if (kind === 'agg') return {to: 'count', isLinked: false, table: looked, relation: link, djangoName: name ?? own}
  return {to: 'many', isLinked: false, table: looked, relation: link, djangoName: link ?? `${own}_set`}
}

/** `tags` of `library_book_tags`, whose rows belong to `library_book`. */
function linkField(link: string, key: KeyColumn, models: Models): string | null {
  const longest = models
    .map(tableName)
    .filter(name => link.startsWith(`${name}_`) && name === key.table)
    .sort((a, b) => b.length - a.length)[0]
  return longest === undefined ? null : link.slice(longest.length + 1)
}
