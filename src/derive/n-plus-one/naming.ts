import type {Reference, TableColumns} from './references.js'
import {relationOf, singulars, words} from './words.js'

/** Which columns refer to which tables, by their names alone; a column without a match, or with several, is left out. */
export function inferReferences(tables: readonly TableColumns[]): Reference[] {
  const byEnding = endings(tables)
  return tables.flatMap(table =>
    [...table.columns].flatMap(column => {
      const base = relationOf(column)
      const target = base === null || column === table.primaryKey ? null : targetOf(base, table, byEnding)
      const key = target && keyColumn(target)
      if (!target || !key || (target === table && key === column)) return []
      return [
        {
          from: {schema: table.schema, table: table.name, column},
          to: {schema: target.schema, table: target.name, column: key},
          isDeclared: false,
        },
      ]
    }),
  )
}

const keyColumn = ({primaryKey, columns}: TableColumns): string | null =>
  primaryKey ?? (columns.has('id') ? 'id' : null)

/** Tables by the endings of their names: `library_author` is an author, and a library author. */
function endings(tables: readonly TableColumns[]): Map<string, TableColumns[]> {
  const byEnding = new Map<string, TableColumns[]>()
  for (const table of tables) {
    const parts = words(table.name)
    // Django writes the class SubKlasifikasi as subklasifikasi, its column as sub_klasifikasi_id: compared without `_`.
    for (const ending of parts.map((_, at) => parts.slice(at).join(''))) {
      for (const name of new Set(singulars(ending))) byEnding.set(name, [...(byEnding.get(name) ?? []), table])
    }
  }
  return byEnding
}

function targetOf(base: string, from: TableColumns, byEnding: Map<string, TableColumns[]>): TableColumns | null {
  const name = words(base).join('')
  const found = byEnding.get(name) ?? []
  const own = found.filter(({schema}) => schema === from.schema)
  const candidates = own.length > 0 ? own : found
  const exact = candidates.filter(table => singulars(words(table.name).join('')).includes(name))
  if (exact.length === 1) return exact[0]!
  // Of shop_user and blog_user, blog_post.user_id means the latter.
  const shared = (table: TableColumns) => sharedWords(words(table.name), words(from.name))
  const most = Math.max(...candidates.map(shared))
  const nearest = candidates.filter(table => shared(table) === most)
  if (nearest.length === 1) return nearest[0]!
  return candidates.length === 0 && name === 'parent' ? from : null
}

function sharedWords(a: string[], b: string[]): number {
  const differs = a.findIndex((word, at) => word !== b[at])
  return differs < 0 ? a.length : differs
}
