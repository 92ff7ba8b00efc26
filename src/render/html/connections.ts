import {clientGroups} from '../../derive/connections.js'
import {age, clientSessions, shortQuery} from '../../derive/sessions.js'
import type {Activity, BlockedSession, Session} from '../../snapshot.js'
import {number, seconds} from '../units.js'
import {budgetOf} from './budget.js'
import {budgetFigure} from './budget-figure.js'
import {type Html, html} from './html.js'
import type {PageInput, Section} from './page.js'
import {empty, short, shownNote, table} from './parts.js'
import {waitsFigure} from './waits-figure.js'

const GROUPS = 15
const TRANSACTIONS = 10

/** The connection budget, who holds connections, what sessions wait for. */
export function connectionsSection({snapshot, context}: PageInput): Section | null {
  if (!snapshot) return null
  const {activity, blocking} = snapshot.sections
  const budget = budgetOf(snapshot, context)
  const content = html`${budget ? budgetFigure(budget) : empty('The settings that limit connections could not be read.')}
${activity.ok ? sessionsHtml(activity.data) : empty(`Sessions could not be read: ${activity.message}.`)}
${blocking.ok && blocking.data.length > 0 && blockedHtml(blocking.data)}`
  return {id: 'connections', title: 'Connections and sessions', content}
}

function sessionsHtml(activity: Activity): Html {
  const groups = clientGroups(activity, 0)
  const open = clientSessions(activity)
    .filter(({xactStart}) => xactStart !== null)
    .sort((a, b) => a.xactStart! - b.xactStart!)
  return html`${waitsFigure(clientSessions(activity))}
<h3>Who is connected</h3>
${groups.length > 0 ? groupsHtml(groups) : empty('No client was connected.')}
${open.length > 0 && html`<h3>Oldest transactions</h3>${transactionsHtml(open, activity)}`}`
}

function groupsHtml(groups: ReturnType<typeof clientGroups>): Html {
  return html`${table(
    'Clients by role, application and address',
    [
      {head: 'Role', cell: row => short(row.user)},
      {head: 'Application', cell: row => short(row.application), isWide: true},
      {head: 'From', cell: row => row.clientAddr},
      {head: 'Connections', cell: row => number(row.connections), isNumber: true},
      {head: 'Active', cell: row => number(row.active), isNumber: true},
      {head: 'Idle in transaction', cell: row => number(row.idleInTransaction), isNumber: true},
    ],
    groups.slice(0, GROUPS),
  )}${shownNote(Math.min(GROUPS, groups.length), groups.length, 'those with most connections')}`
}

function transactionsHtml(open: readonly Session[], activity: Activity): Html {
  const wait = ({waitEventType, waitEvent}: Session) => (waitEventType ? `${waitEventType}: ${waitEvent}` : '')
  return html`${table<Session>(
    'Oldest open transactions',
    [
      {head: 'Open for', cell: row => seconds(age(activity, row.xactStart)), isNumber: true},
      {head: 'pid', cell: row => row.pid, isNumber: true},
      {head: 'Who', cell: row => short(`${row.user ?? ''}${row.application ? ` as ${row.application}` : ''}`)},
      {head: 'State', cell: row => row.state},
      {head: 'Waits for', cell: wait},
      {head: 'Statement', cell: row => html`<code>${shortQuery(row)}</code>`, isWide: true},
    ],
    open.slice(0, TRANSACTIONS),
  )}${shownNote(Math.min(TRANSACTIONS, open.length), open.length, 'the oldest')}`
}

function blockedHtml(blocked: readonly BlockedSession[]): Html {
  const name = (pid: number) => (pid === 0 ? 'a prepared transaction' : `pid ${pid}`)
  return html`<h3>Waiting for locks</h3>${table<BlockedSession>(
    'Sessions that wait for a lock',
    [
      {head: 'Waits for', cell: row => (row.waitedFor === null ? 'unknown' : seconds(row.waitedFor)), isNumber: true},
      {head: 'Session', cell: row => name(row.pid)},
      {head: 'Blocked by', cell: row => row.blockedBy.map(name).join(', ')},
      {head: 'Lock', cell: row => row.lockMode},
      {head: 'Relation', cell: row => row.relation && short(row.relation), isWide: true},
    ],
    blocked.slice(0, TRANSACTIONS),
  )}${shownNote(Math.min(TRANSACTIONS, blocked.length), blocked.length, 'the first')}`
}
