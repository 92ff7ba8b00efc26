import {expect} from 'vitest'
import type {IndexDefinition, PlanNode} from '../../src/whatif/planner.js'
import {openShadow, type ShadowPlanner} from '../../src/whatif/shadow/planner.js'
import {readSchema} from '../../src/whatif/shadow/read.js'
import {openConnection} from './connection.js'

export const ODD = '"od""d schema"."a;b ON ONLY c"'

/** `since`: older planners estimated or planned it in another way. */
export const STATEMENTS: {sql: string; since?: number}[] = [
  {sql: `SELECT * FROM ${ODD} WHERE "co""l'umn" = 77`},
  {sql: `SELECT at, mood FROM ${ODD} WHERE at > '2026-01-20' ORDER BY at DESC LIMIT 20`},
  {sql: `SELECT * FROM ${ODD} WHERE lower(mail) = 'm12@example.org'`},
  {sql: `SELECT * FROM ${ODD} WHERE is_open AND title = 'title 250'`},
  {sql: `SELECT * FROM ${ODD} WHERE title = 'Ärger, "quoted" \\ {braces}' AND NOT is_open`},
  {sql: `SELECT * FROM ${ODD} WHERE mail LIKE 'M12%'`},
  {sql: `SELECT * FROM ${ODD} WHERE doc @> '{"k": 5}'`, since: 13},
  {sql: `SELECT * FROM ${ODD} WHERE mood = E'two\\nlines' AND title < 'title 3'`},
  {sql: `SELECT mood, count(*) FROM ${ODD} GROUP BY mood`},
  {sql: `SELECT title, mood, is_open FROM ${ODD} GROUP BY 1, 2, 3`},
  {sql: `SELECT * FROM ${ODD} WHERE title = 'title 7' AND mood = 'sad' AND NOT is_open`},
  {sql: `SELECT * FROM ${ODD} WHERE (pair).a = 5 OR doubled = 80`},
  {sql: "SELECT * FROM event WHERE thing = 5 AND at >= '2026-07-01'"},
  {sql: 'SELECT * FROM event WHERE place = 2 AND id BETWEEN 100 AND 200'},
  {sql: `SELECT count(*) FROM event JOIN ${ODD} t ON t."co""l'umn" = thing WHERE t.is_open`},
  {sql: "SELECT * FROM animal WHERE name > 'd9'"},
  {sql: 'SELECT * FROM busier WHERE "how many" > 10', since: 13},
  {sql: "SELECT * FROM summary WHERE place = 1 AND day = '2026-05-01'"},
  {sql: `UPDATE event SET thing = 7 WHERE id = 9 AND place = 1`, since: 14},
  {sql: `DELETE FROM ${ODD} WHERE next_of("co""l'umn") = 8 AND lower(mail) = 'x'`},
]

/** Node types, relations and indexes from the root down. */
export const shapeOf = (node: PlanNode): unknown => [
  node['Node Type'],
  node['Relation Name'] ?? node['Index Name'],
  node['Index Name'],
  ...(node.Plans ?? []).map(shapeOf),
]

export const SERIAL = {settings: {max_parallel_workers_per_gather: '0', enable_seqscan: 'on'}}

export const indexesOf = (node: PlanNode): unknown[] => [node['Index Name'], ...(node.Plans ?? []).flatMap(indexesOf)]

export const withValues = (sql: string, values: string[]) => sql.replace(/\$(\d)/g, (_, n) => values[n - 1]!)

export const definition = (table: string, ...columns: string[]): IndexDefinition => ({
  schema: 'public',
  table,
  method: 'btree',
  keys: columns.map(sql => ({sql})),
  include: [],
  where: null,
})

/** Opens a shadow of a whole database, or of some of its tables. */
export async function shadowOf(url: string, tables?: {schema: string | null; name: string}[]): Promise<ShadowPlanner> {
  const connection = await openConnection(url)
  try {
    const schema = await readSchema(connection, {tables})
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
    return await openShadow(schema)
  } finally {
    await connection.close()
  }
}
