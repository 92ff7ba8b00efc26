import type {Connection} from './session.js'
import type {SessionAttrs} from './settings.js'

const SQL =
  "SELECT /* ahsp-db */ pg_catalog.pg_is_in_recovery() AS standby, pg_catalog.current_setting('transaction_read_only') AS readonly"
const DEADLINE_MS = 4000

/** What is wrong with this session for target_session_attrs; undefined: nothing. Asks only when the start-up was silent. */
export async function judgeSession(connection: Connection, attrs: SessionAttrs): Promise<string | undefined> {
  if (attrs === 'any' || attrs === 'prefer-standby') return undefined
  const {standby, readOnly} = await stateOf(connection)
  if (attrs === 'primary' && standby) return 'is a standby, not the primary'
  if (attrs === 'standby' && !standby) return 'is a primary, not a standby'
  if (attrs === 'read-write' && readOnly) return 'does not accept writes'
  if (attrs === 'read-only' && !readOnly) return 'accepts writes'
  return undefined
}

async function stateOf({parameters, run}: Connection): Promise<{standby: boolean; readOnly: boolean}> {
  const {in_hot_standby: standby, default_transaction_read_only: readOnly} = parameters
  if (standby && readOnly) return {standby: standby === 'on', readOnly: standby === 'on' || readOnly === 'on'}
  const row = (await run(SQL, {deadlineMs: DEADLINE_MS}))[0]![0]!
  return {standby: row.standby === true, readOnly: row.readonly === 'on'}
}
