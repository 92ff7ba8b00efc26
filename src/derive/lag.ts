import type {FindingDraft, FixRequest, Severity} from '../rule.js'
import type {Server, Setting, Standby} from '../snapshot.js'
import {bytes, seconds} from '../units.js'

/** For whoever is behind. */
export const LOOK: FixRequest = {
  kind: 'action',
  title: 'On the standby: see what replay waits for',
  steps: [
    {
      text: 'Paused, or behind a query?',
      lines: [
        'SELECT pg_is_wal_replay_paused();   -- pg_wal_replay_resume() goes on',
        "SELECT pid, xact_start, query FROM pg_stat_activity WHERE state <> 'idle' ORDER BY xact_start;",
      ],
    },
    'recovery_min_apply_delay there delays it on purpose',
    'Otherwise compare its disk and network with those of the primary',
  ],
}

type Judge = (behind: number, delay: number) => Severity | null

/** What a standby knows of its own delay; `patience`: seconds for which it may lose its primary. */
export function lagOfThis(
  server: Server,
  settings: readonly Setting[],
  standby: Standby,
  judge: Judge,
  patience: number,
): FindingDraft[] {
  const value = (name: string) => settings.find(each => each.name === name)?.value ?? ''
  const ahead = standby.receivedBytesAhead ?? 0
  const age = standby.lastReplayedAt === null ? 0 : server.now - standby.lastReplayedAt
  const found = judge(ahead, ahead > 0 ? age - Number(value('recovery_min_apply_delay')) / 1000 : 0)
  // One that is fed from an archive has no WAL receiver either.
  const isFed = value('restore_command') !== ''
  const finding = (severity: Severity, title: string, detail: string, fix: FixRequest): FindingDraft[] => [
    {
      severity,
      subject: 'this standby',
      title,
      detail,
      evidence: [
        {label: 'received, not replayed', value: ahead, unit: 'bytes', source: 'pg_last_wal_replay_lsn()'},
        {label: 'last transaction is from', value: `${seconds(age)} ago`, source: 'pg_last_xact_replay_timestamp()'},
      ],
      confidence: 'measured',
      fixes: [fix],
    },
  ]
  if (!standby.isStreaming && !isFed && age >= patience) {
    const title = `This standby has no connection to its primary, for up to ${seconds(age)}`
    return finding('high', title, 'No WAL receiver runs: what happens on the primary does not arrive here.', CONNECT)
  }
  if (standby.isPaused && ahead > 0) {
    const detail = 'Somebody called pg_wal_replay_pause(), or recovery_target_action did.'
    return finding(found ?? 'medium', `Replay is paused, ${bytes(ahead)} of WAL wait`, detail, RESUME)
  }
  const detail =
    'It receives faster than it replays: a long query holds replay up, or one processor is not enough for it.'
  return found ? finding(found, `This standby is ${bytes(ahead)} and ${seconds(age)} behind`, detail, LOOK) : []
}

const CONNECT: FixRequest = {
  kind: 'action',
  title: 'Connect it again',
  steps: [
    'Read the log of this server',
    'Check primary_conninfo, pg_hba.conf of the primary, and whether the slot of this standby is lost',
  ],
}

const RESUME: FixRequest = {
  kind: 'action',
  title: 'Go on replaying',
  steps: [{text: 'On this standby', lines: ['SELECT pg_wal_replay_resume();']}],
}
