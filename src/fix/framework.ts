import type {Framework} from '../rule.js'
import type {Application, Section} from '../snapshot.js'

/** Tables that only one framework creates. `schema_migrations` alone is also golang-migrate's and dbmate's. */
const MARKERS: [Framework, string[]][] = [
  ['django', ['django_migrations']],
  ['rails', ['schema_migrations', 'ar_internal_metadata']],
  ['prisma', ['_prisma_migrations']],
  ['sequelize', ['SequelizeMeta']],
  ['typeorm', ['typeorm_metadata']],
  ['knex', ['knex_migrations']],
]

/** The application's framework by its marker tables; null when none or the section is unavailable. */
export function detectFramework(application: Section<Application>): Framework | null {
  if (!application.ok) return null
  const schemas = new Map<string, Set<string>>()
  for (const {schema, table} of application.data.markers) {
    schemas.set(schema, (schemas.get(schema) ?? new Set()).add(table))
  }
  const complete = (tables: string[]) => [...schemas.values()].some(found => tables.every(table => found.has(table)))
  return MARKERS.find(([, tables]) => complete(tables))?.[0] ?? null
}
