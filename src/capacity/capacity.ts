import {formatQuantity} from '../config/quantity.js'
import {WAIT_LIMIT_MS} from '../derive/pool-budget.js'
import {shellQuote} from '../fix/apply.js'
import {completeFix} from '../fix/complete.js'
import {detectPlatform} from '../fix/platform.js'
import {consoleConninfo} from '../fix/pooler.js'
import type {Context} from '../rule.js'
import type {Snapshot} from '../snapshot.js'
import {milliseconds, number} from '../units.js'
import {linksAt, type Situation, situationOf} from './chain.js'
import {busyOf, clientsOf, pooledBusy} from './demand.js'
import {expectedWaitMs} from './load.js'
import {requestsFor} from './requests.js'
import {sizesFor} from './sizes.js'
import type {Capacity, CapacityReport, Link, Sizes} from './types.js'

/** Will N users fit, which link breaks first, and what must be written for it? Pure; `ladder` are further numbers of users. */
export function capacityReport(snapshot: Snapshot, context: Context, users: number, ladder: number[]): CapacityReport {
  const poolers = snapshot.sections.poolers.ok ? snapshot.sections.poolers.data : []
  const clients = clientsOf(snapshot, poolers, context)
  const situation = situationOf(snapshot, context, clients, busyOf(snapshot, poolers, context))
  return {
    format: 'ahsp-db/capacity',
    version: 1,
    tool: snapshot.tool,
    target: snapshot.target,
    collectedAt: snapshot.collectedAt,
    warnings: snapshot.warnings,
    asked: capacityAt(situation, users),
    ladder: ladder.map(each => capacityAt(situation, each)),
  }
}

function capacityAt(situation: Situation, users: number): Capacity {
  const {clients, busy} = situation
  const links = linksAt(situation, users)
  const first = firstToBreak(links)
  const sizes = sizesFor(situation, users)
  const verdict = verdictOf(links, first, users)
  return {
    users,
    verdict,
    headline: headline(verdict, links, first, users),
    links,
    first: first && {link: first.id, title: first.title, breaksAt: first.breaksAt},
    clients: {count: clients.at(users), known: clients.known, source: clients.source},
    load: busy?.load ?? null,
    sizes,
    fixes: fixesFor(situation, sizes, users),
    notes: notes(situation, links, sizes, users),
  }
}

/** What is over-committed breaks as soon as the pools fill up; otherwise the smallest number of users. */
function firstToBreak(links: Link[]): Link | null {
  const known = links.filter(({breaksAt}) => breaksAt !== null).sort((a, b) => a.breaksAt! - b.breaksAt!)
  return links.find(({isOverCommitted}) => isOverCommitted) ?? known[0] ?? null
}

function verdictOf(links: Link[], first: Link | null, users: number): Capacity['verdict'] {
  if (links.some(({breaksAt}) => breaksAt !== null && breaksAt <= users)) {
    return first?.isOverCommitted ? 'over-committed' : 'breaks'
  }
  if (first?.isOverCommitted) return 'over-committed'
  // The processors are told apart: what they do not carry becomes slow, it is not refused.
  return links.some(({id, known}) => known === 'unknown' && id !== 'processors') ? 'cannot judge' : 'fits'
}

function headline(verdict: Capacity['verdict'], links: Link[], first: Link | null, users: number): string {
  const at = first?.breaksAt
  const next = at ? `${first.title} at ${number(at)} users` : 'none is known to break'
  if (verdict === 'over-committed') {
    const {demand, capacity, title} = first!
    return `OVER-COMMITTED: full pools want ${number(demand!)}, ${title.toLowerCase()} are ${number(capacity!)}`
  }
  if (verdict === 'breaks') return `DOES NOT FIT ${number(users)} users: first to break: ${next}`
  if (verdict === 'fits') return `FITS ${number(users)} users: first to break: ${next}`
  const unknown = links.find(({id, known}) => known === 'unknown' && id !== 'processors')
  return `CANNOT JUDGE whether ${number(users)} users fit: ${unknown?.source}. Of what is known, first to break: ${next}`
}

function fixesFor(situation: Situation, sizes: Capacity['sizes'], users: number): Capacity['fixes'] {
  const {sections} = situation.snapshot
  const platform = detectPlatform(sections)
  const verify = [{text: 'Ask again', language: 'sh' as const, lines: [questionOf(situation, users)]}]
  return requestsFor(situation, sizes, users).map(request => ({
    ...completeFix(request, '', sections, platform),
    verify,
  }))
}

/** The same question again, with everything that was told. */
function questionOf({context, poolers}: Situation, users: number): string {
  const {currentUsers, cpus, ramBytes} = context
  return [
    `ahsp-db capacity --users ${users}`,
    currentUsers ? `--current-users ${currentUsers} --window 30s` : '',
    cpus ? `--cpus ${cpus}` : '',
    ramBytes ? `--ram ${formatQuantity(ramBytes, 'bytes')}` : '',
    ...poolers.map(pooler => `--pgbouncer ${shellQuote(consoleConninfo(pooler))}`),
  ]
    .filter(Boolean)
    .join(' ')
}

function notes(situation: Situation, links: Link[], sizes: Sizes, users: number): string[] {
  const {busy, poolers, snapshot, context} = situation
  const load = busy?.load
  const backends = links.find(({id}) => id === 'backends')
  const share = backends ? (backends.demand! / backends.capacity!) * 100 : 0
  const processors = links.find(({id}) => id === 'processors')
  return [
    load && load.idleInTransaction > load.active
      ? `${number(load.idleInTransaction)} of ${number(load.busy)} busy connections are idle in transaction ` +
        `(${load.source}): the application holds them while it does something else. Shorten those transactions first ` +
        '(and look for N+1): that frees more connections than any pool size.'
      : '',
    busy && poolers.length > 0 ? promise(situation, sizes, users) : '',
    busy && users > MAX_EXTRAPOLATION * busy.users
      ? `${number(users)} users are more than ${MAX_EXTRAPOLATION} times the ${number(busy.users)} that were measured: ` +
        'measure again on the way.'
      : '',
    processors?.breaksAt != null && processors.breaksAt <= users
      ? `The processors are too few before that (at ${number(processors.breaksAt)} users): connections that wait for ` +
        'them gain nothing from a larger pool. Make the most frequent queries cheaper, or add cores.'
      : '',
    links.some(({isOverCommitted}) => isOverCommitted)
      ? 'Full pools that do not fit turn waiting into errors: refused until the sizes above are written.'
      : '',
    poolers.length === 0 && share >= 70 && share <= 100
      ? `${number(Math.round(share))} % of what is usable leaves little for peaks and deployments: ahsp-db check warns.`
      : '',
    poolers.length > 0 && !snapshot.sections.activity.ok
      ? 'Sessions are hidden from this role: connections that do not come through the pools were not subtracted.'
      : '',
    context.ramBytes === undefined ? 'work_mem is not judged: give --ram.' : '',
  ].filter(Boolean)
}

/** Beyond this a straight line is a guess. */
const MAX_EXTRAPOLATION = 2.5

/** What the sizes promise, by the queueing formula, and under which condition. */
function promise({busy}: Situation, sizes: Sizes, users: number): string {
  const now = pooledBusy(busy!)
  const {perSecond} = busy!.load
  const at = (now / busy!.users) * users
  const hold = perSecond ? (now / perSecond) * 1000 : null
  const wait = hold === null ? null : expectedWaitMs(at, sizes.pool, hold)
  const expected =
    wait === null
      ? ''
      : `A transaction holds its server connection for ${milliseconds(hold!)} and then waits ${milliseconds(wait)} for ` +
        `one on average (Erlang C); more than ${WAIT_LIMIT_MS} ms is what pooler/wait-time reports. `
  return (
    `With these sizes nobody is refused. ${expected}That holds as long as ${number(users)} users do what ` +
    `${number(busy!.users)} did: growing response times or locks make it worse.`
  )
}
