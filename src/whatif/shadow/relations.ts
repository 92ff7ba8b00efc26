import type {Connection} from '../../connect/postgres.js'
import {run} from './server.js'
import {RUNNER_SCHEMA} from './steps.js'

export type ShadowTable = {oid: number; schema: string; name: string; kind: string; file: string | null}

export type ShadowIndex = {
  oid: number
  tableOid: number
  schema: string
  name: string
  method: string
  /** null: of a partitioned table */
  file: string | null
  /** of the partitioned index that it belongs to */
  parentOid: number | null
  isUnique: boolean
  canDeduplicate: boolean
  predicate: string | null
  columns: ShadowIndexColumn[]
}

export type ShadowIndexColumn = {
  name: string
  isKey: boolean
  /** null: a plain column */
  expression: string | null
  type: string
  /** bytes; null: never analyzed */
  width: number | null
  /** as pg_statistic has it: negative is a share of the rows, 0 is unknown; null: never analyzed */
  distinct: number | null
  /** bytes of a type of fixed length, else null */
  length: number | null
}

export async function readTables(admin: Connection): Promise<ShadowTable[]> {
  const [rows] = await run(
    admin,
    `SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       CASE WHEN c.relkind = 'r' THEN pg_relation_filepath(c.oid) END AS file
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384`,
  )
  return rows as ShadowTable[]
}

/** Of which equal keys are equal in all their bytes: numeric, for one, has 1.0 and 1.00. */
const DEDUPLICATES = `NOT EXISTS (SELECT FROM unnest(i.indclass) AS k (opclass) JOIN pg_opclass o ON o.oid = k.opclass
      WHERE NOT EXISTS (SELECT FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily AND p.amprocnum = 4
        AND p.amproclefttype = o.opcintype))
    AND NOT EXISTS (SELECT FROM unnest(i.indcollation) AS k (collation_oid)
      JOIN pg_collation l ON l.oid = k.collation_oid WHERE NOT l.collisdeterministic)`

/** All indexes of user tables with what is known of their columns. */
export async function readIndexes(admin: Connection): Promise<ShadowIndex[]> {
  const [rows] = await run(
    admin,
    `SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS "tableOid", n.nspname::text AS schema, c.relname::text AS name,
       m.amname::text AS method, CASE WHEN c.relkind = 'i' THEN pg_relation_filepath(c.oid) END AS file,
       (SELECT h.inhparent::int8 FROM pg_inherits h WHERE h.inhrelid = c.oid) AS "parentOid",
       i.indisunique AS "isUnique", ${DEDUPLICATES} AS "canDeduplicate",
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       (SELECT json_agg(json_build_object('name', a.attname, 'isKey', a.attnum <= i.indnkeyatts,
           'expression', CASE WHEN i.indkey[a.attnum - 1] = 0 THEN pg_get_indexdef(c.oid, a.attnum, false) END,
           'type', format_type(coalesce(h.atttypid, a.atttypid), NULL), 'width', s.stawidth, 'distinct', s.stadistinct,
           'length', CASE WHEN a.attlen > 0 THEN a.attlen END) ORDER BY a.attnum)
         FROM pg_attribute a
           LEFT JOIN pg_attribute h ON h.attrelid = i.indrelid AND h.attnum = i.indkey[a.attnum - 1] AND h.attnum <> 0
           LEFT JOIN LATERAL (SELECT st.stawidth, st.stadistinct FROM pg_statistic st
             WHERE st.starelid = CASE WHEN h.attnum IS NULL THEN c.oid ELSE h.attrelid END
               AND st.staattnum = coalesce(h.attnum, a.attnum)
             ORDER BY st.stainherit LIMIT 1) s ON true
         WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
     WHERE i.indrelid >= 16384 AND n.nspname <> 'pg_toast'`,
  )
  return rows as ShadowIndex[]
}

/** Writes what the server still holds in memory, and lets it forget: from here on it reads the files anew. */
export async function forgetPages(admin: Connection): Promise<void> {
  await run(admin, `CHECKPOINT; SELECT ${RUNNER_SCHEMA}.pg_buffercache_evict_all()`)
}

/** A hidden index is not seen by the planner from the next statement on, in any session. */
export async function setValid(admin: Connection, oids: readonly number[], isValid: boolean): Promise<void> {
  if (oids.length === 0) return
  const list = `'{${oids.join(',')}}'::oid[]`
  await run(admin, `UPDATE pg_index SET indisvalid = ${isValid} WHERE indexrelid = ANY (${list})`)
}

/** The index itself and, of a partitioned table, those of its partitions. */
export function withParts(indexes: readonly ShadowIndex[], oid: number): number[] {
  const parts = indexes.filter(({parentOid}) => parentOid === oid)
  return [oid, ...parts.flatMap(part => withParts(indexes, part.oid))]
}
