import {epoch, MARK} from '../../collect/collector.js'
import type {Connection} from '../../connect/postgres.js'
import type {RunStart} from '../record.js'

const LOOKS = 5
const DEADLINE_MS = 2000

export const now = (): number => Date.now() / 1000

/** The look with the shortest way there and back tells best; null when none was answered. */
export async function clockOffset(connection: Connection): Promise<RunStart['clock']> {
  const looks: NonNullable<RunStart['clock']>[] = []
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      const sent = performance.now()
      const sentAt = now()
      const sql = `SELECT ${MARK} ${epoch('pg_catalog.clock_timestamp()', 'at')}`
      const [rows] = await connection.run(sql, {deadlineMs: DEADLINE_MS})
      const half = (performance.now() - sent) / 2000
      looks.push({offset: Number(rows![0]!.at) - sentAt - half, uncertainty: half + RESOLUTION})
    }
  } catch {
    // What was measured so far will do.
  }
  const [best] = looks.sort((a, b) => a.uncertainty - b.uncertainty)
  return best ? {offset: round(best.offset), uncertainty: round(best.uncertainty)} : null
}

/** Of Date.now(), in seconds. */
const RESOLUTION = 0.001

const round = (seconds: number) => Math.round(seconds * 10_000) / 10_000
