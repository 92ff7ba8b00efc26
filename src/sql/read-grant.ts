import {quoteIdent} from './quote.js'

/** What lets a role see the statistics of tables: pg_stats shows only those that it may SELECT. `user` is quoted. */
export function readGrant(versionNum: number, user: string, schemas: readonly string[]): string {
  if (versionNum >= 140000) return `GRANT pg_read_all_data TO ${user};`
  return `GRANT SELECT ON ALL TABLES IN SCHEMA ${schemas.map(quoteIdent).join(', ')} TO ${user};`
}
