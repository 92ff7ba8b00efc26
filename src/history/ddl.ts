export const SCHEMA = 'ahsp_db_history'
export const ENTRIES = `${SCHEMA}.entries`

/** What `ahsp-db init --history` creates; may be run again. Many databases are remembered in one table. */
export const HISTORY_DDL = `CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
CREATE TABLE IF NOT EXISTS ${ENTRIES} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host text NOT NULL,
    port integer NOT NULL,
    database text NOT NULL,
    at timestamptz NOT NULL,
    tool text NOT NULL,
    report jsonb NOT NULL,
    snapshot bytea NOT NULL
);
COMMENT ON COLUMN ${ENTRIES}.at IS 'by the clock of the server that was checked';
COMMENT ON COLUMN ${ENTRIES}.snapshot IS 'JSON, compressed by gzip';
ALTER TABLE ${ENTRIES} ALTER COLUMN snapshot SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS entries_target_at_idx ON ${ENTRIES} (host, port, database, at DESC);
`

/** What a role needs that only saves and reads runs; `role` is a quoted identifier. */
export const historyGrants = (role: string): string => `GRANT USAGE ON SCHEMA ${SCHEMA} TO ${role};
GRANT SELECT, INSERT, DELETE ON ${ENTRIES} TO ${role};
`
