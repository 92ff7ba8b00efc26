import {collect} from '../src/collect/collect.js'
import {openConsoles} from '../src/collect/pgbouncer/open.js'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {connect} from '../src/connect/postgres.js'
import type {Snapshot} from '../src/snapshot.js'

/**
 * What a check reads, without the program around it; `consoles` are PgBouncers to read along, `adviceMs` the time for
 * costing new indexes (undefined: none are costed).
 */
export async function takeSnapshot(
  url: string,
  windowSeconds = 0,
  consoles: string[] = [],
  adviceMs?: number,
): Promise<Snapshot> {
  const settings = await resolveConninfo(url, {})
  const reconnect = () => connect(settings)
  const poolers = await openConsoles(consoles, {})
  return collect(await reconnect(), {windowSeconds, deadlineMs: 30_000, poolers, adviceMs, reconnect})
}
