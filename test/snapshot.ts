import {collect} from '../src/collect/collect.js'
import {poolerReader} from '../src/collect/pgbouncer/reader.js'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {connectConsole} from '../src/connect/pgbouncer.js'
import {connect} from '../src/connect/postgres.js'
import type {Snapshot} from '../src/snapshot.js'

/** What a check reads, without the program around it; `consoles` are PgBouncers to read along. */
export async function takeSnapshot(url: string, windowSeconds = 0, consoles: string[] = []): Promise<Snapshot> {
  const settings = await resolveConninfo(url, {})
  const reconnect = () => connect(settings)
  const readers = await Promise.all(consoles.map(async conninfo => poolerReader(await connectConsole(conninfo, {}))))
  const poolers = {readers, asked: consoles.length}
  return collect(await reconnect(), {windowSeconds, deadlineMs: 30_000, poolers, reconnect})
}
