import type {FixRequest} from '../rule.js'
import type {Checkpoints, Section, Server, Setting, Wal, Window} from '../snapshot.js'
import {settingBytes, settingMs, settingNumber} from './settings.js'

/** The settings that decide when a checkpoint comes. */
export const CHECKPOINT_SETTINGS = ['max_wal_size', 'checkpoint_timeout', 'checkpoint_completion_target'] as const

export type CheckpointCounts = {timed: number; requested: number; seconds: number; source: string}

/** Of the watched window when it saw enough of them, else since the counters began; null: since when is unknown. */
export function checkpointCounts(
  checkpoints: Checkpoints,
  {now}: Pick<Server, 'now'>,
  window: Window | null | undefined,
  enough: number,
): CheckpointCounts | null {
  const before = window?.before.checkpoints
  if (before) {
    const [timed, requested] = [checkpoints.timed - before.timed, checkpoints.requested - before.requested]
    if (timed + requested >= enough) return {timed, requested, seconds: window.seconds, source: 'in this window'}
  }
  const {timed, requested, statsReset} = checkpoints
  return statsReset === null ? null : {timed, requested, seconds: now - statsReset, source: 'since stats_reset'}
}

/** Bytes of WAL per second, on average since its counters began; null when that is unknown. */
export function walRate(wal: Section<Wal>, {now}: Pick<Server, 'now'>): number | null {
  if (!wal.ok || wal.data.statsReset === null || now <= wal.data.statsReset) return null
  return wal.data.bytes / (now - wal.data.statsReset)
}

/** max_wal_size that lets checkpoints wait for checkpoint_timeout: the last one is still being written meanwhile. */
export const walSizeFor = (rate: number, settings: readonly Setting[]): number =>
  rate *
  (settingMs(settings, 'checkpoint_timeout') / 1000) *
  (1 + settingNumber(settings, 'checkpoint_completion_target'))

export const maxWalSize = (settings: readonly Setting[]): number => settingBytes(settings, 'max_wal_size')

const GB = 1024 ** 3

/** Larger ones have to be thought about, not recommended. */
export const LARGEST_WAL = 64 * GB

/** max_wal_size as the next power of two that leaves room for peaks, at least twice the present one. */
export function walSizeFix(needed: number, present: number): FixRequest {
  if (present >= LARGEST_WAL) return WRITE_LESS
  let size = GB
  while (size < Math.max(1.5 * needed, 2 * present) && size < LARGEST_WAL) size *= 2
  const note =
    'It is a soft limit: pg_wal may take that much disk, and recovery after a crash may take longer.' +
    (size < needed ? ' Even this is not enough for the rate: write less, or check which statements write so much.' : '')
  return {kind: 'setting', name: 'max_wal_size', to: `${size / GB}GB`, note}
}

const WRITE_LESS: FixRequest = {
  kind: 'action',
  title: 'Write less WAL: max_wal_size is as large as can be advised',
  steps: ['wal_compression = on', 'See which statements write most of it (pg_stat_statements.wal_bytes)'],
}

/** Bytes between two segments by their names; null when one is no segment (a history or backup file). */
export function walBetween(from: string | null, to: string | null, segmentBytes: number): number | null {
  const [first, last] = [segmentNumber(from, segmentBytes), segmentNumber(to, segmentBytes)]
  return first === null || last === null ? null : Math.max(0, last - first) * segmentBytes
}

/** Timeline, high and low part of the position, eight hexadecimal digits each. */
function segmentNumber(name: string | null, segmentBytes: number): number | null {
  const match = /^[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})/.exec(name ?? '')
  if (!match || segmentBytes <= 0) return null
  return Number.parseInt(match[1]!, 16) * (2 ** 32 / segmentBytes) + Number.parseInt(match[2]!, 16)
}
