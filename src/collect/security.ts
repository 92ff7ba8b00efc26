import type {OpenSchema} from '../snapshot.js'
import {collector, limited, MARK, USER_SCHEMAS} from './collector.js'

const MAX_HBA_LINES = 500
const MAX_SCHEMAS = 100
const MAX_OWNERS = 20

export const hbaRules = collector({
  section: 'hbaRules',
  // Not tried in vain: the error would count as one of the server's rolled back transactions.
  unavailable: ({readsHbaRules, user}) =>
    readsHbaRules
      ? null
      : {
          ok: false,
          reason: 'permission',
          message: 'pg_hba.conf is hidden',
          grant: `GRANT SELECT ON pg_hba_file_rules TO ${user}; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO ${user};`,
        },
  sql: ({versionNum}) => `SELECT ${MARK}
      ${versionNum >= 160000 ? 'file_name' : "(SELECT setting FROM pg_catalog.pg_settings WHERE name = 'hba_file')"} AS file,
      line_number AS line, type, database AS databases, user_name AS users, address, netmask,
      auth_method AS method, coalesce(options, '{}') AS options, pg_catalog.count(*) OVER () AS total
    FROM pg_catalog.pg_hba_file_rules
    WHERE error IS NULL
    ORDER BY ${versionNum >= 160000 ? 'rule_number' : 'line_number'}
    LIMIT ${MAX_HBA_LINES}`,
  // The file's place may be hidden from a role that sees its lines; current_setting() would fail then.
  map: rows => limited(rows.map(row => ({...row, file: row.file ?? 'pg_hba.conf'}))) as never,
})

export const openSchemas = collector({
  section: 'openSchemas',
  sql: () => `WITH open AS (
      SELECT ${MARK} n.oid, n.nspname, n.nspowner, pg_catalog.count(*) OVER () AS total
      FROM pg_catalog.pg_namespace n
      WHERE ${USER_SCHEMAS} AND pg_catalog.has_schema_privilege('public', n.oid, 'CREATE')
      ORDER BY n.nspname <> 'public', n.nspname
      LIMIT ${MAX_SCHEMAS}
    )
    SELECT o.nspname::text AS schema, r.rolname::text AS owner,
      ARRAY(SELECT w.rolname::text FROM pg_catalog.pg_roles w
            WHERE w.oid = ANY (u.owners) AND w.oid <> o.nspowner AND NOT w.rolsuper
            ORDER BY 1 LIMIT ${MAX_OWNERS}) AS owners,
      o.total
    FROM open o
      JOIN pg_catalog.pg_roles r ON r.oid = o.nspowner
      LEFT JOIN (
        SELECT relnamespace, pg_catalog.array_agg(DISTINCT relowner) AS owners
        FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM open) GROUP BY relnamespace
      ) u ON u.relnamespace = o.oid
    ORDER BY o.nspname <> 'public', o.nspname`,
  map: rows => limited<OpenSchema>(rows),
})
