import {observedClients} from '../../derive/connections.js'
import {age, clientSessions} from '../../derive/sessions.js'
import {cachePercents, databaseOf} from '../../history/trend.js'
import type {Snapshot} from '../../snapshot.js'
import {timestamp} from '../summary.js'
import {bytes, number, seconds} from '../units.js'
import {usableOf} from './budget.js'
import {type Html, html} from './html.js'
import type {PageInput} from './page.js'
import {bar, short} from './parts.js'
import {sparkline} from './sparkline.js'

type Tile = {name: string; value: string; note: string; picture: Html | null}

/** Four numbers that everybody asks for; each with its line over the history, where there is one. */
export function tilesHtml(input: PageInput): Html | null {
  const {snapshot} = input
  if (!snapshot) return null
  const tiles = [
    connections(snapshot, input),
    cache(snapshot, input),
    size(snapshot, input),
    transaction(snapshot),
  ].filter(each => each !== null)
  return html`<ul class="tiles">${tiles.map(
    ({name, value, note, picture}) =>
      html`<li><p class="name">${name}</p><p class="value">${value}</p><p class="facts">${note}</p>${picture}</li>\n`,
  )}</ul>`
}

function connections(snapshot: Snapshot, {trend}: PageInput): Tile | null {
  const observed = observedClients(snapshot.sections.activity, snapshot.sections.databases)
  const usable = usableOf(snapshot)?.usable
  if (!observed) return null
  const share = usable ? (observed.peak / usable) * 100 : null
  return {
    name: 'Client connections',
    value: usable === undefined ? number(observed.peak) : `${number(observed.peak)} of ${number(usable)}`,
    note: share === null ? 'at the most, while this ran' : `${number(Math.round(share))} % of what is usable`,
    picture: sparkline(trend.map(({clients}) => clients)) ?? (share === null ? null : bar(share, 'meter')),
  }
}

function cache(snapshot: Snapshot, {trend}: PageInput): Tile | null {
  const database = databaseOf(snapshot)
  const blocks = database ? database.blocksHit + database.blocksRead : 0
  if (!database || blocks === 0) return null
  const share = (database.blocksHit / blocks) * 100
  return {
    name: 'Cache hits',
    value: `${share.toFixed(share >= 99.95 ? 0 : 1)} %`,
    note: `of ${number(blocks)} blocks read`,
    picture: sparkline(cachePercents(trend), 80) ?? bar(share, 'meter good'),
  }
}

function size(snapshot: Snapshot, {trend}: PageInput): Tile | null {
  const database = databaseOf(snapshot)
  if (!database || database.sizeBytes === null) return null
  const first = trend.find(({sizeBytes}) => sizeBytes !== null)?.sizeBytes ?? null
  const grown = first === null || trend.length < 2 ? null : database.sizeBytes - first
  return {
    name: 'Database size',
    value: bytes(database.sizeBytes),
    note:
      grown === null ? short(database.name, 40) : `${grownText(grown)} since ${timestamp(trend[0]!.at).slice(0, 10)}`,
    picture: sparkline(trend.map(({sizeBytes}) => sizeBytes)),
  }
}

const grownText = (grown: number) => (grown === 0 ? 'the same' : `${grown < 0 ? '' : '+'}${bytes(grown)}`)

function transaction({sections: {activity}}: Snapshot): Tile | null {
  if (!activity.ok || activity.data.at === 0) return null
  const open = clientSessions(activity.data).filter(({xactStart}) => xactStart !== null)
  const longest = Math.max(0, ...open.map(({xactStart}) => age(activity.data, xactStart)))
  return {
    name: 'Longest transaction',
    value: open.length === 0 ? 'none open' : seconds(longest),
    note: `${number(open.length)} open when this looked`,
    picture: null,
  }
}
