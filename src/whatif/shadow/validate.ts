import {z} from 'zod'
import {STATISTIC_TYPES, type StatisticName, type TargetSchema} from './schema.js'

const text = z.string()
/** What is a number must be one: it stands unquoted in statements of the shadow's superuser. */
const pages = z.number().int().min(0).max(4_294_967_294)
const locale = {provider: text, collate: text, locale: text.nullable()}
const place = {schema: text, name: text}
const object = {...place, sql: text}

const statisticNames = Object.keys(STATISTIC_TYPES) as StatisticName[]
const statistic = Object.fromEntries(statisticNames.map(name => [name, text.optional()])) as Record<
  StatisticName,
  z.ZodOptional<z.ZodString>
>
const relation = z.object({
  pages,
  relpages: pages,
  reltuples: z.number().min(-1),
  relallvisible: pages,
  columns: z.array(z.object({name: text, isInherited: z.boolean(), ...statistic})),
})

const column = z.object({
  name: text,
  number: z.number().int(),
  type: text,
  isNotNull: z.boolean(),
  collation: z.object(place).nullable(),
  virtual: text.nullable(),
})

const extended = z.object({
  ...object,
  data: z.array(z.object({isInherited: z.boolean(), ndistinct: text.nullable(), dependencies: text.nullable()})),
})

const table = z.object({
  ...place,
  kind: z.enum(['r', 'p', 'm']),
  accessMethod: text.nullable(),
  columns: z.array(column),
  partitionKey: text.nullable(),
  parents: z.array(z.object({...place, bound: text.nullable()})),
  options: z.array(text),
  statistics: relation,
  constraints: z.array(
    z.object({name: text, kind: z.enum(['primary', 'unique', 'foreign', 'check', 'exclusion']), definition: text}),
  ),
  indexes: z.array(z.object({name: text, method: text, sql: text.nullable(), statistics: relation})),
  extended: z.array(extended),
})

const schema: z.ZodType<TargetSchema> = z.object({
  versionNum: z.number().int(),
  locale: z.object(locale),
  settings: z.record(text, text),
  extensions: z.array(z.object(place)),
  schemas: z.array(text),
  collations: z.array(z.object({...place, ...locale, isDeterministic: z.boolean()})),
  types: z.array(z.object(object)),
  functions: z.array(z.object({...object, definition: text.nullable()})),
  tables: z.array(table),
  views: z.array(z.object(object)),
  notes: z.array(text),
})

/** What a file says that it is; null: it is none, or damaged. Nothing else may get into a shadow. */
export function targetSchemaOf(value: unknown): TargetSchema | null {
  const read = schema.safeParse(value)
  return read.success ? read.data : null
}
