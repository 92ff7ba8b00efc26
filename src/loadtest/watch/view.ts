import {prose} from '../../render/sanitize.js'
import {bold, columns, dim, severityColor} from '../../render/style.js'
import {number, seconds} from '../../units.js'
import type {ActivitySample} from '../record.js'
import type {Live} from './live.js'

export type ViewOptions = {
  color: boolean
  width: number
  /** server and database, for people */
  target: string
  users: number | null
  textOf: (queryid: string) => string | null
}

const LABEL = 13
const BAR = 12
/** Of the usable connections, from which on the bar is red. */
const TIGHT = 0.8

/** The screen, a few lines of at most `width` columns; texts of the server cannot act on the terminal. */
export function viewLines(live: Live, {color, width, target, users, textOf}: ViewOptions): string[] {
  const line = (label: string, text: string) => ({label: label.padEnd(LABEL), text})
  const {activity, counters, rates, top} = live
  const topText = top && (textOf(top.queryid) ?? `query ${top.queryid}`)
  const head = [clock(live.seen.seconds), users === null ? '' : `${number(users)} users`, target, 'Ctrl-C ends']
  const rows = [
    ...(activity ? [line('connections', connectionsText(live, activity))] : [line('connections', 'not read yet')]),
    line('active', activity ? activeText(activity) : ''),
    line('blocked', activity ? blockedText(activity) : ''),
    line('rate', rates ? ratesText(rates) : ''),
    line('top', top && topText ? `${percent(top.share)} of the time: ${prose(topText)}` : counters ? '-' : ''),
    ...[...live.pools.values()].map(sample => line('pool', poolText(sample, live.pools.size > 1))),
    ...(live.refusals.last ? [line('refused', refusedText(live))] : []),
  ]
  return [
    bold(clipped(head.filter(Boolean).map(prose).join('   '), width), color),
    ...rows.map(({label, text}) => {
      const shown = clipped(prose(text), width - LABEL)
      const isBad =
        (label.startsWith('refused') && live.refusals.isRefused) || (label.startsWith('connections') && isTight(live))
      return `${dim(label, color)}${isBad ? severityColor('high', shown, color) : shown}`
    }),
  ]
}

const isTight = ({activity, counters}: Live) =>
  activity !== null && counters !== null && activity.total >= TIGHT * counters.usable

/** What the screen says in one line, for logs. */
export function plainLine(live: Live): string {
  const {activity, counters, rates, refusals} = live
  const waiting = [...live.pools.values()].map(waitingOf).reduce((sum, count) => sum + count, 0)
  const parts = [
    refusals.isRefused ? `refused ${times(refusals.count)}: ${prose(refusals.last!.message)}` : '',
    activity && !refusals.isRefused
      ? `${number(activity.total)}${counters ? ` of ${number(counters.usable)}` : ''} connections, ` +
        `${activity.active} active${activity.active > 0 ? ` (${activeText(activity)})` : ''}`
      : '',
    activity?.idleInTransaction ? `${activity.idleInTransaction} idle in transaction` : '',
    activity?.blocked.length ? `${blockedCount(activity)} blocked` : '',
    rates ? `${number(Math.round(rates.transactions))} tx/s` : '',
    live.pools.size > 0 ? `${number(waiting)} waiting for a pool` : '',
  ]
  return `${clock(live.seen.seconds)}  ${parts.filter(Boolean).join(', ')}`
}

/** `02:05`, `1:02:05` */
export function clock(total: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const hours = Math.floor(total / 3600)
  return `${hours > 0 ? `${hours}:` : ''}${two((total % 3600) / 60)}:${two(total % 60)}`
}

const percent = (share: number) => `${Math.round(share * 100)} %`

function connectionsText({counters, refusals}: Live, {total, idle, idleInTransaction}: ActivitySample): string {
  if (refusals.isRefused) return 'not read: the server refuses us'
  const states = `${number(idle)} idle, ${number(idleInTransaction)} idle in transaction`
  if (!counters) return `${number(total)}   ${states}`
  const filled = Math.min(BAR, Math.round((total / Math.max(1, counters.usable)) * BAR))
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}]`
  return `${number(total)} of ${number(counters.usable)} usable  ${bar}  ${states}`
}

function activeText({active, running, waits}: ActivitySample): string {
  const each = [
    {name: 'no wait', count: running},
    ...waits.map(({type, event, count}) => ({name: `${type}:${event}`, count})),
  ]
  const shown = each.filter(({count}) => count > 0).sort((a, b) => b.count - a.count)
  return active === 0 ? '0' : shown.map(({name, count}) => `${name} ${number(count)}`).join(', ')
}

const blockedCount = ({blocked}: ActivitySample) => blocked.reduce((sum, {count}) => sum + count, 0)

function blockedText(activity: ActivitySample): string {
  const {blocked, oldestTransaction} = activity
  const where = blocked.map(({relation, count}) => `${relation ?? 'another lock'} ${number(count)}`).join(', ')
  const oldest = oldestTransaction === null ? '' : `   oldest transaction ${seconds(Math.max(0, oldestTransaction))}`
  return `${number(blockedCount(activity))}${where ? ` (${where})` : ''}${oldest}`
}

const ratesText = ({transactions, rollbacks, deadlocks}: NonNullable<Live['rates']>) =>
  `${number(Math.round(transactions))} tx/s` +
  (rollbacks >= 0.5 ? `, ${number(Math.round(rollbacks))} of them rolled back` : '') +
  (deadlocks > 0 ? `, ${number(deadlocks)} deadlocks` : '')

type Sample = Parameters<Live['pools']['set']>[1]

const waitingOf = ({pools}: Sample) => pools.reduce((sum, {clientsWaiting}) => sum + clientsWaiting, 0)

function poolText(sample: Sample, named: boolean): string {
  const active = sample.pools.reduce((sum, {serversActive}) => sum + serversActive, 0)
  const servers = sample.pools.reduce((sum, pool) => sum + pool.serversActive + pool.serversIdle + pool.serversOther, 0)
  const longest = Math.max(0, ...sample.pools.map(({maxWait}) => maxWait))
  const clients =
    sample.usedClients === null
      ? ''
      : `, ${number(sample.usedClients)}${sample.maxClientConn ? ` of ${number(sample.maxClientConn)}` : ''} clients`
  return (
    `${number(waitingOf(sample))} waiting${longest > 0 ? ` (up to ${seconds(longest)})` : ''}, ` +
    `${number(active)} of ${number(servers)} servers active${clients}${named ? `   ${sample.console}` : ''}`
  )
}

const refusedText = ({refusals: {count, last}}: Live) =>
  `${times(count)}, last: ${last!.message}${last!.sqlstate ? ` (${last!.sqlstate})` : ''}`

export const times = (count: number) => (count === 1 ? 'once' : `${number(count)} times`)

/** Cut to the width; the last column of a terminal stays free. */
function clipped(text: string, width: number): string {
  if (columns(text) < width) return text
  let shown = ''
  for (const char of text) {
    if (columns(shown + char) > width - 4) break
    shown += char
  }
  return `${shown}...`
}
