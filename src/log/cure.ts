import {quoteIdent} from '../sql/quote.js'
import type {Facts} from './facts.js'
import type {Kinship} from './naming.js'
import type {LoopKind} from './report.js'

type Cure = {title: string; fix: string; sql?: string}

/** The loop's name and its fix, in words and as the statement that replaces it. */
export function cure(kind: LoopKind, facts: Facts, related: Related | null): Cure {
  const table = quoteIdent(facts.tables[0] ?? '?')
  if (kind === 'cache') {
    return {
      title: `the same rows of ${table} again and again`,
      fix: 'Every call of a request asks for the same values: ask once, keep the answer for the rest of the request, or cache it.',
    }
  }
  if (kind === 'batch') return facts.kind === 'write' ? writes(table) : lookups(table, facts)
  return nPlusOne(facts, related!)
}

type Related = {kinship: Kinship; statement: {facts: Facts}}

function nPlusOne(facts: Facts, {kinship: {kind, table, column, through}, statement}: Related): Cure {
  const each = `for each row of ${quoteIdent(statement.facts.tables[0] ?? '?')}`
  const name = quoteIdent(table)
  const key = quoteIdent(column)
  if (facts.aggregate) {
    return {
      title: `an aggregate of ${name}, ${each}`,
      fix: `Aggregate for all rows at once, grouped by ${key}, or in the parent's query (Django annotate, Rails counter_cache, Prisma _count).`,
      sql: `SELECT ${key}, count(*) FROM ${name} WHERE ${key} = ANY($1) GROUP BY ${key}`,
    }
  }
  const all = {sql: `SELECT ... FROM ${name} WHERE ${key} = ANY($1)`}
  if (kind === 'fk') {
    return {
      title: `${name} by ${key}, ${each}`,
      fix: `Read the rows of all parents at once, with their keys in an array (Django prefetch_related, Rails preload, Prisma include, TypeORM relations).`,
      ...all,
    }
  }
  const by = through ? ` on ${quoteIdent(through)}` : ''
  return {
    title: `${name} by ${key}, ${each}`,
    fix: `Join ${name} in the parent's query${by} (Django select_related, Rails includes, Prisma include, TypeORM leftJoinAndSelect), or read all of them at once.`,
    ...all,
  }
}

const writes = (table: string): Cure => ({
  title: `${table} is written row by row`,
  fix: 'Send many rows at once: INSERT with several rows of VALUES, COPY, or UPDATE ... FROM unnest($1, $2) (Django bulk_create and bulk_update, Rails insert_all, Prisma createMany).',
})

function lookups(table: string, {equalities, tables}: Facts): Cure {
  const [first] = equalities
  const column = quoteIdent(first?.column ?? '?')
  const name = quoteIdent(first?.table ?? tables[0] ?? '?')
  return {
    title: `${table} is looked up value by value, after no statement that it hangs on`,
    fix: 'Collect the values first and look them all up at once (Django in_bulk, Rails where(id: ids)).',
    sql: `SELECT ... FROM ${name} WHERE ${column} = ANY($1)`,
  }
}
