import type {FixRequest} from '../rule.js'
import type {Activity, PreparedTransaction, Replica, ReplicationSlot, Section, Session} from '../snapshot.js'
import {quoteIdent, quoteLiteral} from '../sql/quote.js'
import {age, roleName, sessionName, shortQuery, terminateFix} from './sessions.js'
import {dropSlot, slotName} from './slots.js'

/** One thing that keeps vacuum from removing rows which died after it began. */
export type HorizonHolder = {
  kind: 'session' | 'prepared' | 'slot' | 'standby'
  subject: string
  /** as it begins a sentence */
  title: string
  /** in a sentence */
  name: string
  /** transactions */
  age: number
  /** null: nothing tells */
  seconds: number | null
  source: string
  timeSource: string
  detail: string
  fixes: FixRequest[]
}

type Sources = {
  slots: ReplicationSlot[]
  preparedTransactions: PreparedTransaction[]
  activity: Section<Activity>
  replicas: Section<Replica[]>
}

/** All of them, the oldest first; sessions as the oldest of each role. */
export function horizonHolders(sources: Sources, now: number): HorizonHolder[] {
  const {slots, preparedTransactions, activity, replicas} = sources
  return [
    ...slots.flatMap(slot => fromSlot(slot, now)),
    ...preparedTransactions.map(prepared => fromPrepared(prepared, now)),
    ...(activity.ok ? fromSessions(activity.data) : []),
    ...(replicas.ok ? replicas.data.flatMap(fromStandby) : []),
  ].sort((a, b) => b.age - a.age || (a.subject < b.subject ? -1 : 1))
}

function fromSlot(slot: ReplicationSlot, now: number): HorizonHolder[] {
  const held = Math.max(slot.xminAge ?? 0, slot.catalogXminAge ?? 0)
  if (held === 0) return []
  const name = slotName(slot)
  const isCatalog = (slot.xminAge ?? 0) < held
  return [
    {
      kind: 'slot',
      subject: name,
      title: `Replication ${name}`,
      name,
      age: held,
      seconds: slot.active || slot.inactiveSince === null ? null : Math.max(0, now - slot.inactiveSince),
      source: `pg_replication_slots.${isCatalog ? 'catalog_xmin' : 'xmin'}`,
      timeSource: 'pg_replication_slots.inactive_since',
      detail:
        `${slot.active ? 'Its consumer is connected, but far behind.' : 'Nobody is connected to it.'}` +
        (isCatalog ? ' It holds system catalogs only.' : ' It stands for a standby with hot_standby_feedback.'),
      fixes: slot.active ? [catchUp(name)] : [dropSlot(slot)],
    },
  ]
}

const catchUp = (name: string): FixRequest => ({
  kind: 'action',
  title: `See what keeps the consumer of ${name}`,
  steps: [
    'On a standby: look for long queries, and for a paused replay',
    'On a logical subscriber: look into its log and at pg_stat_subscription',
  ],
})

function fromPrepared({gid, database, owner, preparedAt, xidAge}: PreparedTransaction, now: number): HorizonHolder {
  const subject = `prepared transaction ${quoteLiteral(gid)}`
  return {
    kind: 'prepared',
    subject,
    title: `Prepared transaction ${quoteLiteral(gid)}`,
    name: subject,
    age: xidAge,
    seconds: Math.max(0, now - preparedAt),
    source: 'pg_prepared_xacts.transaction',
    timeSource: 'pg_prepared_xacts.prepared',
    detail:
      `Role ${quoteIdent(owner)} prepared it in database ${quoteIdent(database)} and never finished it; it also keeps ` +
      'its locks, over restarts too.',
    fixes: [
      {
        kind: 'sql',
        title: 'Roll it back, or COMMIT PREPARED, as its transaction manager says',
        statements: [`ROLLBACK PREPARED ${quoteLiteral(gid)}`],
        undo: [],
        lock: 'none; its own are released',
        note: `Run it in database ${quoteIdent(database)}, as ${quoteIdent(owner)} or a superuser. What it changed is lost.`,
      },
    ],
  }
}

function fromSessions(activity: Activity): HorizonHolder[] {
  const oldest = new Map<string, Session>()
  // Walsenders appear among the standbys, and vacuum itself does not hold back vacuum.
  const holding = activity.sessions.filter(
    ({xminAge, backendType, query}) =>
      xminAge !== null && !['walsender', 'autovacuum worker'].includes(backendType) && !/^\s*VACUUM\b/i.test(query),
  )
  for (const session of holding) {
    const known = oldest.get(session.user ?? '')
    if (!known || session.xminAge! > known.xminAge!) oldest.set(session.user ?? '', session)
  }
  return [...oldest.values()].map(session => ({
    kind: 'session',
    subject: roleName(session.user),
    title: `A session of ${roleName(session.user)}`,
    name: `${sessionName(session)} of ${roleName(session.user)}`,
    age: session.xminAge!,
    seconds: session.xactStart === null ? null : age(activity, session.xactStart),
    source: 'age(backend_xmin or backend_xid)',
    timeSource: 'pg_stat_activity.xact_start',
    detail:
      `It is ${sessionName(session)} in database ${quoteIdent(session.database ?? '')}, ${session.state ?? 'working'}; ` +
      `its last statement: ${shortQuery(session)}.`,
    fixes: [
      terminateFix(
        [session],
        `xact_start <= now() - interval '${Math.floor(age(activity, session.xactStart))} seconds'`,
      ),
    ],
  }))
}

function fromStandby({application, clientAddr, xminAge}: Replica): HorizonHolder[] {
  if (xminAge === null) return []
  const subject = `standby ${quoteIdent(application)}`
  return [
    {
      kind: 'standby',
      subject,
      title: `Standby ${quoteIdent(application)}`,
      name: subject,
      age: xminAge,
      seconds: null,
      source: 'pg_stat_replication.backend_xmin',
      timeSource: '',
      detail: `A query on it${clientAddr ? ` (${clientAddr})` : ''} still needs old rows, and its hot_standby_feedback tells us so.`,
      fixes: [
        {
          kind: 'action',
          title: 'On the standby: end the long query, or let it no longer hold back the primary',
          steps: [
            {
              text: 'Find the query on the standby',
              lines: [
                'SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY age(backend_xmin) DESC NULLS LAST;',
              ],
            },
            'hot_standby_feedback = off there: its long queries are cancelled instead, after max_standby_streaming_delay',
          ],
        },
      ],
    },
  ]
}
