import {collect} from '../src/collect/collect.js'
import {resolveConninfo} from '../src/connect/conninfo.js'
import {connect} from '../src/connect/postgres.js'
import type {Snapshot} from '../src/snapshot.js'

/** What a check reads, without the program around it. */
export async function takeSnapshot(url: string, windowSeconds = 0): Promise<Snapshot> {
  const settings = await resolveConninfo(url, {})
  const reconnect = () => connect(settings)
  return collect(await reconnect(), {windowSeconds, deadlineMs: 30_000, reconnect})
}
