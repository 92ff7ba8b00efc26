import type {Framework} from '../rule.js'
import type {IndexDefinition} from '../whatif/planner.js'

export type CodeLines = {
  framework: Framework
  where: string
  language: 'python' | 'ruby' | 'js' | 'text'
  lines: string[]
}

/** Other names would need the escapes of four languages. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The index in the application's own language; null: it has no words for it, and the SQL belongs in a migration. */
export function frameworkLines(
  framework: Framework | null,
  name: string,
  definition: IndexDefinition,
): CodeLines | null {
  const columns = definition.keys.map(({sql}) => /^"(.*)"$/.exec(sql)?.[1])
  const names = [...columns, ...definition.include, definition.table, name]
  if (names.some(each => each === undefined || !PLAIN.test(each))) return null
  const index: Plain = {
    ...definition,
    name,
    columns: columns as string[],
    descends: definition.keys.map(({order}) => order === 'DESC'),
  }
  const hasOpclass = definition.keys.some(({opclass, nulls}) => opclass || nulls)
  if (hasOpclass && framework !== 'rails') return null
  if (framework === 'django') return django(index)
  if (framework === 'rails') return rails(index)
  if (framework === 'prisma') return prisma(index)
  return framework === 'typeorm' ? typeorm(index) : null
}

type Plain = IndexDefinition & {name: string; columns: string[]; descends: boolean[]}

const TYPES = {btree: 'models.Index', gin: 'GinIndex', brin: 'BrinIndex', gist: 'GistIndex', hash: 'HashIndex'}

function django({name, columns, descends, include, where, method}: Plain): CodeLines | null {
  if (where !== null) return null
  const fields = columns.map((column, at) => `"${descends[at] ? '-' : ''}${column}"`).join(', ')
  const included = include.length > 0 ? `, include=[${include.map(each => `"${each}"`).join(', ')}]` : ''
  return {
    framework: 'django',
    where: "the model's class Meta (AddIndexConcurrently in the migration)",
    language: 'python',
    lines: ['indexes = [', `    ${TYPES[method]}(fields=[${fields}], name="${name}"${included}),`, ']'],
  }
}

function rails({table, name, columns, descends, include, where, method, keys}: Plain): CodeLines | null {
  if (where?.match(/[\\#]/) || keys.some(({nulls}) => nulls)) return null
  const sorted = columns.filter((_, at) => descends[at]).map(column => `${column}: :desc`)
  const classes = columns.flatMap((column, at) => (keys[at]!.opclass ? [`${column}: :${keys[at]!.opclass}`] : []))
  const options = [
    `name: "${name}"`,
    ...(sorted.length > 0 ? [`order: {${sorted.join(', ')}}`] : []),
    ...(classes.length > 0 ? [`opclass: {${classes.join(', ')}}`] : []),
    ...(include.length > 0 ? [`include: [${include.map(each => `:${each}`).join(', ')}]`] : []),
    ...(where === null ? [] : [`where: ${JSON.stringify(where)}`]),
    ...(method === 'btree' ? [] : [`using: :${method}`]),
    'algorithm: :concurrently',
  ]
  return {
    framework: 'rails',
    where: 'a migration with disable_ddl_transaction!',
    language: 'ruby',
    lines: [`add_index :${table}, [${columns.map(column => `:${column}`).join(', ')}], ${options.join(', ')}`],
  }
}

function prisma({name, columns, descends, include, where, method}: Plain): CodeLines | null {
  if (where !== null || include.length > 0) return null
  const fields = columns.map((column, at) => (descends[at] ? `${column}(sort: Desc)` : column)).join(', ')
  const type = method === 'btree' ? '' : `, type: ${method[0]!.toUpperCase()}${method.slice(1)}`
  return {
    framework: 'prisma',
    where: "the model in schema.prisma (with the fields' names, where they differ from the columns')",
    language: 'text',
    lines: [`@@index([${fields}], map: "${name}"${type})`],
  }
}

function typeorm({name, columns, descends, include, where, method}: Plain): CodeLines | null {
  if (include.length > 0 || method !== 'btree' || descends.includes(true)) return null
  const options = where === null ? '' : `, {where: ${JSON.stringify(where)}}`
  return {
    framework: 'typeorm',
    where: "above the entity's class (with the properties' names, where they differ from the columns')",
    language: 'js',
    lines: [`@Index("${name}", [${columns.map(column => `"${column}"`).join(', ')}]${options})`],
  }
}
