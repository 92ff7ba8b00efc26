/** What rules and `ahsp-db capacity` agree on about pools; the rules' options begin with these. */

/** Of the usable connections, in percent: what full pools and direct clients may take together. */
export const COMMITTED_PERCENT = 90
/** What the pools get when their load was not measured, and their reserve; the rest is for jobs, admin and monitoring. */
export const POOL_PERCENT = 70
export const RESERVE_PERCENT = 10
/** Milliseconds that a transaction may wait for a server connection on average. */
export const WAIT_LIMIT_MS = 10
/** Seconds: who waits longer than the web server does is served in vain. */
export const QUERY_WAIT_SECONDS = 15
export const RESERVE_TIMEOUT_SECONDS = 3
/** idle_in_transaction_session_timeout where there is none. */
export const IDLE_IN_TRANSACTION = '60s'
