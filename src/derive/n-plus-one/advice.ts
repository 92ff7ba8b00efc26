import type {AppAdvice, AppLines, FixRequest} from '../../rule.js'
import type {Application, Section} from '../../snapshot.js'
import {djangoLines, plainName} from './django.js'
import type {Loop} from './loops.js'
import {type Path, pathOf, type Step} from './path.js'
import {replacementSql} from './replacement.js'
import {camel, pascal, plural, singular} from './words.js'

/** The change that reads all rows of a loop at once, in the words of each framework. */
export function loopFix(loop: Loop, application: Section<Application>): FixRequest {
  const path = pathOf(loop, application)
  const plain = plainLines(loop)
  const by: AppAdvice = isReread(loop)
    ? {plain}
    : {
        plain,
        django: djangoLines(path),
        rails: railsLines(path),
        prisma: prismaLines(path),
        typeorm: typeormLines(path),
        sequelize: sequelizeLines(path),
        knex: {...plain, note: 'Objection: Model.query().withGraphFetched(...) does the same.'},
      }
  return {kind: 'app', title: TITLES[loop.lookup.kind], risk: 'review', by}
}

const TITLES = {
  pk: 'Read the rows together with those that refer to them',
  fk: 'Read the rows of all parents in one query',
  m2m: 'Read the linked rows of all parents in one query',
  agg: 'Let one query count for all parents',
}

/** First the keys, then row by row the same table: no relation is involved. */
const isReread = ({lookup, parents}: Loop): boolean =>
  lookup.kind === 'pk' && lookup.by === 'reference' && parents[0]!.reference === null

const plainLines = (loop: Loop): AppLines => ({
  where: 'the code that runs the loop: one statement before it, whose rows are kept by key',
  lines: replacementSql(loop),
})

const className = (name: string) => plainName(pascal(singular(name)), 'Model')

/** The relation as the languages with camel case write it. */
const relationName = ({to, relation, table}: Step, style: (name: string) => string): string =>
  plainName(relation ? style(relation) : style(to === 'one' ? singular(table.name) : plural(table.name)), 'relation')

const snake = (name: string) => name.toLowerCase()

/** {author: {include: {country: true}}}, from the inside out. */
const nested = (steps: readonly Step[], style: (name: string) => string, wrap: (inner: string) => string): string =>
  steps.reduceRight((inner, step) => `{${relationName(step, style)}: ${inner === '' ? 'true' : wrap(inner)}}`, '')

function railsLines({root, steps}: Path): AppLines {
  const last = steps.at(-1)!
  const owner = steps.at(-2)?.table ?? root
  if (last.to === 'count') {
    return {
      where: `app/models/${plainName(singular(last.table.name), 'model')}.rb`,
      lines: [`belongs_to :${plainName(singular(owner.name), 'owner')}, counter_cache: true`],
      note: `It needs the column ${plural(last.table.name)}_count, and size instead of count in the loop.`,
    }
  }
  const names = steps.map(step => relationName(step, snake))
  const argument = names.slice(0, -1).reduceRight((inner, name) => `{${name}: ${inner}}`, `:${names.at(-1)}`)
  const method = steps.every(({to}) => to === 'one') ? 'includes' : 'preload'
  return {where: 'the controller', lines: [`${className(root.name)}.${method}(${argument})`]}
}

function prismaLines({root, steps}: Path): AppLines {
  const model = plainName(camel(singular(root.name)), 'model')
  const counted = steps.at(-1)!.to === 'count'
  const outer = counted ? steps.slice(0, -1) : steps
  const count = counted ? `{_count: {select: {${relationName(steps.at(-1)!, camel)}: true}}}` : ''
  const include = outer.reduceRight(
    (inner, step) => `{${relationName(step, camel)}: ${inner === '' ? 'true' : `{include: ${inner}}`}}`,
    count,
  )
  return {
    where: 'the query that reads the list',
    lines: [`prisma.${model}.findMany({include: ${include}})`],
    note: 'Inside resolvers: findUnique() of one tick is batched by itself, findFirst() and findMany() are not.',
  }
}

function typeormLines({root, steps}: Path): AppLines {
  const alias = plainName(camel(singular(root.name)), 'row')
  const last = steps.at(-1)!
  if (last.to === 'count') {
    const name = relationName(last, camel)
    const line = `.loadRelationCountAndMap('${alias}.${name}Count', '${alias}.${name}')`
    return {where: 'the query builder of the list', lines: [`createQueryBuilder('${alias}')${line}.getMany()`]}
  }
  const many = steps.some(({to}) => to === 'many') ? ", relationLoadStrategy: 'query'" : ''
  const relations = nested(steps, camel, inner => inner)
  return {where: 'the query that reads the list', lines: [`repository.find({relations: ${relations}${many}})`]}
}

function sequelizeLines({root, steps}: Path): AppLines {
  const last = steps.at(-1)!
  const find = `${className(root.name)}.findAll`
  if (last.to === 'count') {
    const count = "[sequelize.fn('COUNT', sequelize.col('id')), 'count']"
    const model = className(last.table.name)
    return {
      where: 'the query that reads the list',
      lines: [`${model}.findAll({attributes: [key, ${count}], where: {[key]: ids}, group: [key]})`],
      note: 'key is the foreign key, ids are those of the list.',
    }
  }
  const include = steps.reduceRight((inner, {to, isLinked, table}) => {
    const separate = to === 'many' && !isLinked ? ', separate: true' : ''
    return `[{model: ${className(table.name)}${separate}${inner === '' ? '' : `, include: ${inner}`}}]`
  }, '')
  return {where: 'the query that reads the list', lines: [`${find}({include: ${include}})`]}
}
