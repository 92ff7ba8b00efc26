import {settingBytes} from '../../derive/settings.js'
import {dropSlot, slotName} from '../../derive/slots.js'
import {defineRule, type FindingDraft, type FixRequest, type Severity} from '../../rule.js'
import type {ReplicationSlot} from '../../snapshot.js'
import {bytes, seconds} from '../../units.js'

const GB = 1024 ** 3

export default defineRule({
  id: 'replication/slots',
  title: 'A replication slot keeps WAL that nobody fetches',
  category: 'replication',
  needs: ['server', 'settings', 'slots'],
  options: {
    inactive: {default: GB, unit: 'bytes', help: 'medium from this much WAL kept for an unused slot on'},
    high: {default: 10 * GB, unit: 'bytes', help: 'high from this much on, unused or not, when nothing limits it'},
    unusedFor: {default: 3 * 86_400, unit: 'seconds', help: 'low when nobody has used it for this long (17+)'},
  },
  severity: {
    high: 'it keeps this much WAL without a limit, or is about to lose what it needs: the disk fills, or its consumer breaks',
    medium: 'unused and keeping WAL, or already invalid: its consumer cannot go on and has to be built again',
    low: 'nobody has used it for long: sooner or later it fills the disk',
  },
  why:
    'A slot makes the server keep WAL until its consumer has fetched it, for ever if nobody comes. ' +
    'A forgotten slot is the classic reason why a disk is full on a Sunday.',
  references: ['https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS'],
  peers: ['PB', 'PD', 'DA', 'CA', 'CP', 'PE'],
  check({server, settings, slots}, options) {
    const keep = settings.some(({name}) => name === 'max_slot_wal_keep_size')
      ? settingBytes(settings, 'max_slot_wal_keep_size')
      : -1
    const judge = (slot: ReplicationSlot): Severity | null => {
      const kept = slot.retainedBytes ?? 0
      if (slot.walStatus === 'lost' || slot.invalidationReason !== null) return 'medium'
      if (slot.walStatus === 'unreserved' || (keep < 0 && kept >= options.high)) return 'high'
      if (slot.active || slot.isSynced || slot.temporary) return null
      if (kept >= options.inactive) return 'medium'
      return unusedFor(slot, server.now) >= options.unusedFor ? 'low' : null
    }
    const most = Math.max(0, ...slots.map(({retainedBytes}) => retainedBytes ?? 0))
    return {
      summary:
        slots.length === 0
          ? 'no replication slot'
          : `${slots.length} slots, ${slots.filter(({active}) => active).length} in use, at most ${bytes(most)} of WAL kept`,
      findings: slots
        .filter(slot => judge(slot) !== null)
        .sort((a, b) => (b.retainedBytes ?? 0) - (a.retainedBytes ?? 0))
        .map(slot => draft(slot, judge(slot)!, keep, server.now)),
    }
  },
})

const unusedFor = ({inactiveSince}: ReplicationSlot, now: number) => (inactiveSince === null ? 0 : now - inactiveSince)

function draft(slot: ReplicationSlot, severity: Severity, keep: number, now: number): FindingDraft {
  const name = slotName(slot)
  const kept = bytes(slot.retainedBytes ?? 0)
  const isLost = slot.walStatus === 'lost' || slot.invalidationReason !== null
  const state = slot.active ? 'its consumer is connected' : 'nobody is connected to it'
  const since = slot.inactiveSince === null || slot.active ? '' : `, since ${seconds(unusedFor(slot, now))}`
  return {
    severity,
    subject: name,
    title: isLost
      ? `Replication ${name} is invalid (${slot.invalidationReason ?? 'its WAL was removed'})`
      : slot.walStatus === 'unreserved'
        ? `Replication ${name} loses its WAL at the next checkpoint`
        : `Replication ${name} keeps ${kept} of WAL, and ${state}${since}`,
    detail: isLost
      ? 'Its consumer cannot go on from here: a standby has to be copied again, a subscriber synchronised again.'
      : `${keep < 0 ? 'Nothing limits what it keeps (max_slot_wal_keep_size = -1).' : `It may keep ${bytes(keep)}.`} How full the disk is cannot be seen from here.`,
    evidence: [
      {
        label: 'WAL kept',
        value: slot.retainedBytes ?? 'none',
        unit: 'bytes',
        source: 'pg_replication_slots.restart_lsn',
      },
      {label: 'state', value: `${state}${since}`, source: 'pg_replication_slots.active'},
      {label: 'wal_status', value: slot.walStatus ?? 'unknown', source: 'pg_replication_slots (13+)'},
      ...(slot.safeWalBytes === null
        ? []
        : [{label: 'WAL until it is lost', value: slot.safeWalBytes, unit: 'bytes' as const, source: 'safe_wal_size'}]),
    ],
    confidence: 'measured',
    fixes: [...(slot.active ? [CONSUMER] : [dropSlot(slot)]), ...(keep < 0 && !isLost ? [LIMIT] : [])],
  }
}

const CONSUMER: FixRequest = {
  kind: 'action',
  title: 'See why its consumer does not keep up',
  steps: [
    'On a standby: replication/lag tells what replay waits for',
    'On a subscriber: its log and pg_stat_subscription; a large transaction, or a conflict it tries again and again',
  ],
}

/** Rather a consumer to build again than a server without disk. */
const LIMIT: FixRequest = {
  kind: 'setting',
  name: 'max_slot_wal_keep_size',
  to: '10GB',
  risk: 'review',
  note: 'Choose what the disk can spare. A slot that needs more is lost, and its consumer must be built again.',
}
