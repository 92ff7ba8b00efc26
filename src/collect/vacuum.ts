import type {Vacuum, VacuumRelation} from '../snapshot.js'
import {type CollectContext, collector, epoch, MARK, since} from './collector.js'
import {optionsOf} from './tables.js'

/** Relations in which fewer rows changed are no work worth telling of. */
const MIN_CHANGED = 1000

/** How many relations are described of the worst by each measure. */
const TOP = 60
const TOP_BY_AGE = 20

/** Ages from this share of their limit on are worth a look. */
const OLD = 0.05

const VACUUMED = `c.relkind IN ('r', 'm', 't')`
const stat = (name: string) => `pg_catalog.pg_stat_get_${name}(c.oid)`
const setting = (name: string) => `pg_catalog.current_setting('${name}')::float8`

/** A reloption above `unset`, else the setting of the same name. */
const option = (name: string, unset = -1) =>
  `CASE WHEN (j.options->>'${name}')::float8 > ${unset} THEN (j.options->>'${name}')::float8 ELSE ${setting(name)} END`

const counters = (context: CollectContext) => `${stat('dead_tuples')}::float8 AS "deadRows",
      ${stat('mod_since_analyze')}::float8 AS "modifiedSinceAnalyze",
      ${since(context, 130000, `${stat('ins_since_vacuum')}::float8`, 'insertedSinceVacuum')}`

/** When autovacuum comes, computed as the server does. */
function triggers({versionNum}: CollectContext): string {
  const scaled = (kind: string) =>
    `${option(`autovacuum_${kind}_threshold`)} + ${option(`autovacuum_${kind}_scale_factor`)} * greatest(c.reltuples, 0)::float8`
  const maximum = option('autovacuum_vacuum_max_threshold', -2)
  const capped = `least(nullif(greatest(${maximum}, -1), -1), ${scaled('vacuum')})`
  const base = option('autovacuum_vacuum_insert_threshold', -2)
  // Since 18 only the share of pages that are not frozen yet counts.
  const unfrozen =
    versionNum >= 180000
      ? ' * CASE WHEN c.relpages > 0 THEN 1 - least(c.relallfrozen, c.relpages)::float8 / c.relpages ELSE 1 END'
      : ''
  const inserts = `CASE WHEN ${base} >= 0 THEN ${base}
        + ${option('autovacuum_vacuum_insert_scale_factor')} * greatest(c.reltuples, 0)::float8${unfrozen} END`
  return `${versionNum >= 180000 ? capped : scaled('vacuum')} AS "vacuumTrigger",
      ${versionNum >= 130000 ? inserts : 'NULL::float8'} AS "insertTrigger",
      CASE WHEN c.relkind IN ('r', 'm') AND c.oid <> 'pg_catalog.pg_statistic'::regclass
        THEN ${scaled('analyze')} END AS "analyzeTrigger",
      coalesce((j.options->>'autovacuum_enabled')::bool, true) AS autovacuum`
}

/** One relation by its index, with its TOAST's table; no join that would read the whole of pg_class again. */
const described = (from: string) => `${from} w
      CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_class c WHERE c.oid = w.oid OFFSET 0) c
      LEFT JOIN LATERAL (
        SELECT o.relname, o.relnamespace, o.reloptions FROM pg_catalog.pg_class o
        WHERE c.relkind = 't' AND o.reltoastrelid = c.oid AND o.oid = CASE
          WHEN c.relname ~ '^pg_toast_[0-9]+$' THEN pg_catalog.substr(c.relname, 10)::oid END
        OFFSET 0
      ) o ON true
      ${OPTIONS}`

/** A TOAST relation without reloptions of its own follows those of its table. */
const OPTIONS = `CROSS JOIN LATERAL (SELECT ${optionsOf('coalesce(c.reloptions, o.reloptions)')} OFFSET 0) j`

const OWN_LIMIT = `c.reloptions::text LIKE '%freeze_max_age%'`

/**
 * One pass over pg_class for what may matter. Reloptions and triggers are only looked at for relations with work:
 * reading the counters of all of them is cheap.
 */
const seen = ({versionNum}: CollectContext) => `seen AS MATERIALIZED (
    SELECT ${MARK} * FROM (
      SELECT c.oid, c.relkind = 'p' AS "isPartitioned", ${OWN_LIMIT} AS "hasLimit",
        c.relpersistence <> 't' AND (c.reloptions::text LIKE '%autovacuum_enabled%'
          OR ${stat('dead_tuples')} >= ${MIN_CHANGED} OR ${stat('mod_since_analyze')} >= ${MIN_CHANGED}
          ${versionNum >= 130000 ? `OR ${stat('ins_since_vacuum')} >= ${MIN_CHANGED}` : ''}) AS "hasWork",
        CASE WHEN c.relfrozenxid = '0' THEN 0 ELSE pg_catalog.age(c.relfrozenxid) END AS age,
        CASE WHEN c.relminmxid = '0' THEN 0 ELSE pg_catalog.mxid_age(c.relminmxid) END AS "multixactAge"
      FROM pg_catalog.pg_class c
      WHERE ${VACUUMED} OR c.relkind = 'p' AND c.reltuples < 0
    ) c
    WHERE "hasWork" OR "hasLimit" OR "isPartitioned" OR age > ${OLD} * ${setting('autovacuum_freeze_max_age')}
      OR "multixactAge" > ${OLD} * ${setting('autovacuum_multixact_freeze_max_age')}
  )`

const busy = (context: CollectContext) => `busy AS MATERIALIZED (
    SELECT c.oid, ${counters(context)}, ${triggers(context)}
    FROM ${described('(SELECT oid FROM seen WHERE "hasWork")')}
  )`

const worst = (order: string, where: string, limit = TOP) =>
  `(SELECT oid FROM busy WHERE ${where} ORDER BY ${order} DESC, oid LIMIT ${limit})`

const oldest = (age: string, where = 'NOT "isPartitioned"') =>
  `(SELECT oid FROM seen WHERE ${where} ORDER BY ${age} DESC, oid LIMIT ${TOP_BY_AGE})`

/** Autovacuum never analyzes a partitioned table, whatever happens in its partitions. */
const childRows = (
  oid: string,
) => `(SELECT pg_catalog.sum(greatest(x.reltuples::float8, pg_catalog.pg_stat_get_live_tuples(x.oid)))
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class x ON x.oid = i.inhrelid WHERE i.inhparent = ${oid})`

const CHOSEN = [
  worst('"deadRows" / greatest("vacuumTrigger", 1)', '"deadRows" > 0'),
  worst('"deadRows"', '"deadRows" > 0'),
  worst('"insertedSinceVacuum" / greatest("insertTrigger", 1)', '"insertedSinceVacuum" > "insertTrigger"'),
  worst('"modifiedSinceAnalyze" / greatest("analyzeTrigger", 1)', '"modifiedSinceAnalyze" > "analyzeTrigger"'),
  worst('"deadRows" + "modifiedSinceAnalyze"', 'NOT autovacuum'),
  oldest('age'),
  oldest('"multixactAge"'),
  oldest('age', '"hasLimit"'),
  oldest('"multixactAge"', '"hasLimit"'),
  oldest(childRows('seen.oid'), '"isPartitioned"'),
].join('\n    UNION ')

/** Everybody sees how many there are; without privileges not on which relation. */
const RUNNING = `(SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'pid', v.pid, 'oid', CASE WHEN v.datname = pg_catalog.current_database() THEN v.relid::int8 END,
        'database', v.datname, 'phase', coalesce(v.phase, ''), 'heapBlocks', coalesce(v.heap_blks_total, 0),
        'heapBlocksScanned', coalesce(v.heap_blks_scanned, 0)) ORDER BY v.pid), '[]')
      FROM pg_catalog.pg_stat_progress_vacuum v)`

const relations = (context: CollectContext) => `SELECT c.oid::int8 AS oid, n.nspname::text AS schema,
      coalesce(o.relname, c.relname)::text AS name,
      CASE c.relkind WHEN 'p' THEN 'partitioned' WHEN 'm' THEN 'materialized view' WHEN 't' THEN 'toast'
        ELSE 'table' END AS kind,
      c.relpersistence = 't' AS "isTemporary",
      c.relpages::float8 * pg_catalog.current_setting('block_size')::int AS bytes,
      c.reltuples::float8 AS "rowsEstimate",
      CASE WHEN c.relkind = 'p' THEN coalesce(${childRows('c.oid')}, 0) ELSE ${stat('live_tuples')} END::float8
        AS "liveRows",
      ${counters(context)}, ${triggers(context)},
      CASE WHEN c.relfrozenxid = '0' THEN 0 ELSE pg_catalog.age(c.relfrozenxid) END AS "frozenXidAge",
      CASE WHEN c.relminmxid = '0' THEN 0 ELSE pg_catalog.mxid_age(c.relminmxid) END AS "multixactAge",
      least(${option('autovacuum_freeze_max_age')}, ${setting('autovacuum_freeze_max_age')}) AS "freezeMaxAge",
      least(${option('autovacuum_multixact_freeze_max_age')}, ${setting('autovacuum_multixact_freeze_max_age')})
        AS "multixactFreezeMaxAge",
      ${epoch(stat('last_vacuum_time'), 'lastVacuum')}, ${epoch(stat('last_autovacuum_time'), 'lastAutovacuum')},
      ${epoch(stat('last_analyze_time'), 'lastAnalyze')}, ${epoch(stat('last_autoanalyze_time'), 'lastAutoanalyze')},
      j.options
    FROM ${described('chosen')}
      JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(o.relnamespace, c.relnamespace)`

/** One row even when no relation is worth telling of. */
const TOTALS = `SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c WHERE ${VACUUMED})::int AS total,
      (pg_catalog.count(*) FILTER (WHERE autovacuum
        AND ("deadRows" > "vacuumTrigger" OR "insertedSinceVacuum" > "insertTrigger")))::int AS due,
      (pg_catalog.count(*) FILTER (WHERE autovacuum AND "modifiedSinceAnalyze" > "analyzeTrigger"))::int
        AS "dueForAnalyze", ${RUNNING} AS running
    FROM busy`

export const vacuum = collector({
  section: 'vacuum',
  sql: context => `WITH ${seen(context)}, ${busy(context)},
    chosen AS (${CHOSEN}),
    totals AS (${TOTALS})
    SELECT r.*, t.*
    FROM totals t LEFT JOIN (${relations(context)}) r ON true
    ORDER BY r.schema, r.name, r.kind`,
  map: (rows): Vacuum => {
    const {total, due, dueForAnalyze, running} = rows[0] as unknown as Vacuum
    const relations = rows
      .filter(({oid}) => oid !== null)
      .map(({total: _, due: __, dueForAnalyze: ___, running: ____, ...row}) => row as unknown as VacuumRelation)
    return {relations, total, due, dueForAnalyze, running}
  },
})
