import {quoteIdent} from './sql/quote.js'

/**
 * The SQL that makes a role which can read statistics and nothing else. The password is not part of it: typed into
 * SQL it would end in shell histories and server logs, so psql's \password is told instead.
 */
export function roleSql(role: string, database: string): string {
  const name = quoteIdent(role)
  return `-- A role that can read the server's statistics, and none of your rows.
-- Run it as a superuser, or as the administrator of a managed server.
CREATE ROLE ${name} LOGIN CONNECTION LIMIT 2;
GRANT CONNECT ON DATABASE ${quoteIdent(database)} TO ${name};
GRANT pg_monitor TO ${name};
ALTER ROLE ${name} SET default_transaction_read_only = on;

-- With PgBouncer in front of it: its console wants a user of its own, who may
-- only look. In pgbouncer.ini, with a password in the auth_file; then RELOAD:
--   stats_users = NAME

-- Then give it a password; psql asks for it and sends it encrypted:
--   \\password ${name}

-- Optional, PostgreSQL 14 and newer: also shows the planner's statistics of
-- your columns. It lets the role read all rows of all tables.
--   GRANT pg_read_all_data TO ${name};

-- Optional: shows the lines of pg_hba.conf, who has to prove who they are.
--   GRANT SELECT ON pg_hba_file_rules TO ${name};
--   GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO ${name};
`
}
