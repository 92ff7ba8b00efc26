import type {Fix} from '../report.js'

/** How a number came about: seen on the servers, set in a file, or nothing better than a rule of thumb. */
export type Known = 'measured' | 'configured' | 'assumed' | 'unknown'

/** One link of the chain between users and processors. */
export type Link = {
  id: 'clients' | 'files' | 'pools' | 'limits' | 'backends' | 'processors'
  title: string
  /** what limits it, as it stands: `max_client_conn = 500` */
  limit: string
  /** null: not known */
  capacity: number | null
  /** at N users; null: not known */
  demand: number | null
  /** the fewest users that do not fit; null: not known, or at no number */
  breaksAt: number | null
  /** full pools do not fit into what comes behind them, whatever N is */
  isOverCommitted: boolean
  known: Known
  /** how demand (and capacity, when it needs words) came about */
  source: string
  /** what users see when it breaks */
  effect: string
  /** what would make it known */
  missing?: string
}

/** Connections in use on average, by Little's law the transactions per second times their duration. */
export type Load = {
  active: number
  idleInTransaction: number
  busy: number
  seconds: number
  source: string
  /** transactions per second of the pooler, when one was measured */
  perSecond: number | null
}

export type Sizes = {
  maxConnections: number
  poolMode: 'transaction' | 'session'
  /** all pools of all processes together */
  pool: number
  reserve: number
  /** for each (database, user), in each process */
  defaultPoolSize: number
  reservePoolSize: number
  minPoolSize: number
  maxClientConn: number
  /** (database, user) pairs, and PgBouncer processes */
  pools: number
  processes: number
  workMem: string | null
  basis: Known
  formula: string
}

/** What `ahsp-db capacity` says about one number of users. */
export type Capacity = {
  users: number
  verdict: 'fits' | 'breaks' | 'over-committed' | 'cannot judge'
  headline: string
  links: Link[]
  /** the link that breaks at the smallest number of users; null: none is known to break */
  first: {link: Link['id']; title: string; breaksAt: number | null} | null
  /** connections that the application opens at N */
  clients: {count: number; known: Known; source: string}
  load: Load | null
  sizes: Sizes
  /** the complete set of lines for N users; empty when everything is as it should be */
  fixes: Fix[]
  notes: string[]
}

/** The answers for several numbers of users, and for the one that was asked about. */
export type CapacityReport = {
  format: 'ahsp-db/capacity'
  version: 1
  tool: string
  target: {host: string; port: number; database: string; user: string}
  collectedAt: number
  warnings: string[]
  asked: Capacity
  ladder: Capacity[]
}
