import type {AppLines} from '../../rule.js'
import type {Path, Step, Table} from './path.js'
import {pascal} from './words.js'

/** Names go into source code: one that is no plain name there is left to the reader. */
export const plainName = (name: string | null, otherwise: string): string =>
  name !== null && /^[A-Za-z_]\w*$/.test(name) ? name : otherwise

/** select_related, prefetch_related or annotate, with the whole way from the model that the page reads first. */
export function djangoLines({root, steps}: Path): AppLines {
  const queryset = `${modelName(root)}.objects`
  const last = steps.at(-1)!
  const notes = [notesOf(root), ...steps.filter(isReverse).slice(0, 1).map(relatedName)]
  return {
    where: `the queryset of ${nameOf(root)}`,
    lines: [`${queryset}.${call(steps, last)}`, ...access(steps, last)],
    note: notes.filter(Boolean).join(' '),
  }
}

function call(steps: readonly Step[], last: Step): string {
  if (last.to === 'count') {
    // In a query a reverse relation goes by the model's name alone.
    const path = steps.map(({djangoName}) => plainName(djangoName.replace(/_set$/, ''), '<relation>')).join('__')
    const distinct = steps.length > 1 ? ', distinct=True' : ''
    return `annotate(${plainName(last.djangoName, 'related')}_count=Count('${path}'${distinct}))`
  }
  const path = steps.map(({djangoName}) => plainName(djangoName, '<relation>')).join('__')
  return steps.every(({to}) => to === 'one') ? `select_related('${path}')` : `prefetch_related('${path}')`
}

/** A prefetched relation is only used by all(); filter(), order_by() and count() ask the database again. */
function access(steps: readonly Step[], last: Step): string[] {
  if (last.to !== 'many') return []
  const name = plainName(last.djangoName, '<relation>')
  return [`# in the loop: ${steps.length > 1 ? 'each' : 'row'}.${name}.all(), not .filter() or .count()`]
}

/** Django stores a model's name in lower case. */
const modelName = ({model}: Table): string => (model ? plainName(model.model && pascal(model.model), 'Model') : 'Model')

const nameOf = ({name, model}: Table): string => (model ? `${model.app}.${model.model}` : `the model of table ${name}`)

const notesOf = ({model}: Table): string =>
  model
    ? 'The class may have more capitals than the name that Django stores.'
    : 'django_content_type has no model for this table (a db_table of its own, or no permission to read it).'

const isReverse = ({to, relation}: Step) => to !== 'one' && relation === null

const relatedName = ({djangoName, to}: Step): string =>
  to === 'count'
    ? `With a related_query_name or related_name on the foreign key, that instead of ${djangoName}.`
    : `With a related_name on the foreign key, that instead of ${djangoName}.`
