import type {Severity} from '../rule.js'
import type {Setting} from '../snapshot.js'

export type Unsafe = {
  name: string
  bad: string
  good: string
  severity: Severity
  title: string
  detail: string
  note?: string
}

/** Switches for benchmarks and repairs, with what they do to a server that keeps them. */
export const UNSAFE: Unsafe[] = [
  {
    name: 'fsync',
    bad: 'off',
    good: 'on',
    severity: 'critical',
    title: 'fsync is off: a crash of the machine destroys the cluster',
    detail:
      'Nothing forces the WAL and the data files to disk. After a power failure or a kernel crash the server may not ' +
      'start, or start with silently damaged tables; only a backup helps then. Fine for a server whose data can go.',
    note: 'Then run `sync` on the machine once: what was written before is not safe until the kernel has flushed it.',
  },
  {
    name: 'full_page_writes',
    bad: 'off',
    good: 'on',
    severity: 'high',
    title: 'full_page_writes is off: a crash can leave half-written pages that recovery cannot mend',
    detail:
      'Only a file system that never tears an 8 kB page (ZFS with a fitting record size) may do without. Which one ' +
      'this is cannot be seen from SQL.',
  },
  {
    name: 'zero_damaged_pages',
    bad: 'on',
    good: 'off',
    severity: 'high',
    title: 'zero_damaged_pages is on: a page with a damaged header is emptied instead of reported',
    detail:
      'Every row on such a page is gone as soon as it is read. It is a last resort for one session, not a setting.',
  },
  {
    name: 'ignore_checksum_failure',
    bad: 'on',
    good: 'off',
    severity: 'high',
    title: 'ignore_checksum_failure is on: damaged pages are read as if they were sound',
    detail: 'What is read from them is copied on, into results, backups and standbys.',
  },
  {
    name: 'ignore_system_indexes',
    bad: 'on',
    good: 'off',
    severity: 'high',
    title: 'ignore_system_indexes is on: every look into the catalog reads whole tables',
    detail: 'It is meant for repairing damaged system indexes in one session: REINDEX SYSTEM, then turn it off.',
  },
  {
    name: 'ignore_invalid_pages',
    bad: 'on',
    good: 'off',
    severity: 'high',
    title: 'ignore_invalid_pages is on: recovery goes on although WAL refers to pages that do not exist',
    detail: 'The next recovery may end with lost data and no error.',
  },
  {
    name: 'allow_system_table_mods',
    bad: 'on',
    good: 'off',
    severity: 'medium',
    title: 'allow_system_table_mods is on: a mistaken statement can change the system catalog',
    detail: 'Nothing but a repair by hand needs it.',
  },
  {
    name: 'track_counts',
    bad: 'off',
    good: 'on',
    severity: 'high',
    title: 'track_counts is off: autovacuum does not know what to clean',
    detail: 'Dead rows pile up and planner statistics go stale; each query slows down with the tables.',
  },
  {
    name: 'track_activities',
    bad: 'off',
    good: 'on',
    severity: 'medium',
    title: 'track_activities is off: nobody can see what a session is doing',
    detail: 'Stuck transactions and long queries are invisible, to this tool as well.',
  },
  {
    name: 'synchronous_commit',
    bad: 'off',
    good: 'on',
    severity: 'info',
    title: 'synchronous_commit is off for the whole server: a crash loses the last fraction of a second',
    detail:
      'Up to three times wal_writer_delay of commits that clients believe to be safe; nothing is damaged. A choice ' +
      'that many make for single roles: ask whether every application agreed to it.',
  },
]

/** Ways to read and join that every plan may need; the others are worked around now and then, for one bad plan. */
const BASIC = [
  'enable_bitmapscan',
  'enable_hashagg',
  'enable_hashjoin',
  'enable_indexonlyscan',
  'enable_indexscan',
  'enable_mergejoin',
  'enable_nestloop',
  'enable_seqscan',
  'enable_sort',
]

/** The planner's switches that are on as shipped, and off here. */
export const plannerSwitchesOff = (settings: readonly Setting[]): Unsafe[] =>
  settings
    .filter(({name, value, bootValue}) => name.startsWith('enable_') && bootValue === 'on' && value === 'off')
    .map(({name}) => ({
      name,
      bad: 'off',
      good: 'on',
      severity: BASIC.includes(name) ? 'medium' : 'low',
      title: `${name} is off: the planner may not choose what it is good for, in any query`,
      detail:
        'It may have cured one plan once, and makes others worse since. Set it for the one role or transaction that ' +
        'needs it (SET LOCAL), and look for the cause: stale statistics, random_page_cost, a missing index.',
      note: 'Look at the plans of your slowest queries before and after.',
    }))
