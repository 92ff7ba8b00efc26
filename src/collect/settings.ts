import {collector, epoch, MARK} from './collector.js'

/** Runs before any SET LOCAL of ours (see transaction.ts), else our own timeouts would be reported as the server's. */
export const settings = collector({
  section: 'settings',
  sql: () => `SELECT ${MARK} name, setting AS value, unit, vartype, context, source, sourcefile AS "sourceFile",
      sourceline AS "sourceLine", boot_val AS "bootValue", reset_val AS "resetValue", pending_restart AS "pendingRestart",
      enumvals AS choices
    FROM pg_catalog.pg_settings
    WHERE name <> 'application_name'
    ORDER BY name`,
})

export const fileSettings = collector({
  section: 'fileSettings',
  // Not tried in vain: the error would count as one of the server's rolled back transactions.
  unavailable: ({readsFileSettings, user}) =>
    readsFileSettings
      ? null
      : {
          ok: false,
          reason: 'permission',
          message: 'permission denied',
          grant: `GRANT SELECT ON pg_file_settings TO ${user}; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO ${user};`,
        },
  sql: () => `SELECT ${MARK} sourcefile AS file, sourceline AS line, name, setting AS value, applied, error
    FROM pg_catalog.pg_file_settings
    WHERE name IS NOT NULL
    ORDER BY seqno`,
})

export const roleSettings = collector({
  section: 'roleSettings',
  sql: () => `SELECT ${MARK} r.rolname::text AS role, d.datname::text AS database,
      pg_catalog.split_part(c.line, '=', 1) AS name,
      pg_catalog.substr(c.line, pg_catalog.strpos(c.line, '=') + 1) AS value
    FROM pg_catalog.pg_db_role_setting s
      CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(line)
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
    WHERE (s.setrole = 0 OR r.oid IS NOT NULL) AND (s.setdatabase = 0 OR d.oid IS NOT NULL)
    ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3
    LIMIT 2000`,
})

export const roles = collector({
  section: 'roles',
  sql: () => `SELECT ${MARK} rolname::text AS name, rolcanlogin AS "canLogin", rolsuper AS "isSuperuser",
      oid = 10 AS "isBootstrap", ${epoch("nullif(rolvaliduntil, 'infinity')", 'validUntil')},
      rolconnlimit AS "connectionLimit", coalesce(a.connections, 0) AS connections
    FROM pg_catalog.pg_roles
      LEFT JOIN (
        SELECT usesysid, pg_catalog.count(*)::int AS connections FROM pg_catalog.pg_stat_activity
        WHERE pid <> pg_catalog.pg_backend_pid() AND datid IS NOT NULL
          AND coalesce(backend_type, 'client backend') = 'client backend'
        GROUP BY usesysid
      ) a ON a.usesysid = oid
    WHERE rolcanlogin
    ORDER BY rolconnlimit < 0, rolname
    LIMIT 500`,
})
