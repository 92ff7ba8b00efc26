import type {Server} from '../snapshot.js'
import {collector, epoch, MARK} from './collector.js'

/** Facts by which the managed platforms show themselves to SQL. */
const PLATFORM_PROBES: [platform: string, evidence: string, condition: string][] = [
  [
    'aurora',
    'function aurora_version() exists',
    `EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = 'aurora_version')`,
  ],
  ['rds', 'setting rds.extensions exists', `pg_catalog.current_setting('rds.extensions', true) IS NOT NULL`],
  ['azure', 'setting azure.extensions exists', `pg_catalog.current_setting('azure.extensions', true) IS NOT NULL`],
  [
    'azure',
    'setting pg_qs.host_database exists',
    `pg_catalog.current_setting('pg_qs.host_database', true) IS NOT NULL`,
  ],
  ['alloydb', 'a setting alloydb.* exists', `EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name LIKE 'alloydb.%')`],
  [
    'cloudsql',
    'setting cloudsql.supported_extensions exists',
    `pg_catalog.current_setting('cloudsql.supported_extensions', true) IS NOT NULL`,
  ],
  ['neon', 'setting neon.timeline_id exists', `pg_catalog.current_setting('neon.timeline_id', true) IS NOT NULL`],
  [
    'supabase',
    'role supabase_admin exists',
    `EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'supabase_admin')`,
  ],
  ['heroku', 'schema _heroku exists', `EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '_heroku')`],
]

const WATCHED_ROLES = [
  'pg_monitor',
  'pg_read_all_settings',
  'pg_read_all_stats',
  'pg_read_all_data',
  'pg_stat_scan_tables',
]

export default collector({
  section: 'server',
  sql: () => `SELECT ${MARK}
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_setting('server_version_num')::int AS "versionNum",
    pg_catalog.version() AS build,
    pg_catalog.pg_backend_pid() AS "backendPid",
    pg_catalog.current_database()::text AS database,
    current_user::text AS "user",
    pg_catalog.current_setting('is_superuser') = 'on' AS "isSuperuser",
    ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles
          WHERE rolname IN (${WATCHED_ROLES.map(role => `'${role}'`).join(', ')})
            AND pg_catalog.pg_has_role(current_user, oid, 'USAGE') ORDER BY 1) AS "memberOf",
    ${epoch('pg_catalog.pg_postmaster_start_time()', 'startedAt')},
    ${epoch('pg_catalog.clock_timestamp()', 'now')},
    pg_catalog.pg_is_in_recovery() AS "inRecovery",
    (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS "systemIdentifier",
    pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
      AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') AS "readsFileSettings",
    pg_catalog.has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')
      AND pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE') AS "readsHbaRules",
    pg_catalog.inet_server_addr() IS NOT NULL AS "overTcp",
    pg_catalog.current_setting('server_encoding') AS encoding,
    ARRAY[${PLATFORM_PROBES.map(([, , condition]) => `(${condition})`).join(',\n      ')}] AS probes,
    (SELECT n.nspname::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'pg_stat_statements') AS "statementsSchema",
    (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_stat_statements') AS "statementsVersion"`,
  map: rows => {
    const {probes, statementsSchema: schema, statementsVersion: version, ...server} = rows[0]!
    const platformEvidence = PLATFORM_PROBES.filter((_, i) => (probes as boolean[])[i]).map(([platform, evidence]) => ({
      platform,
      evidence,
    }))
    const statementsExtension = schema === null ? null : {schema, version}
    return {...server, isPooled: false, statementsExtension, platformEvidence} as Server
  },
})
