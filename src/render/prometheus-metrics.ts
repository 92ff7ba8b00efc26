/** The names are promised: monitoring is built on them. docs/formats.md lists them, and a test compares. All gauges. */
export const METRICS = {
  ahsp_db_up: {labels: [], help: '1: a session was had and judged, 0: none.'},
  ahsp_db_error_info: {labels: ['code'], help: 'Always 1: why there is no report, as the code of the error.'},
  ahsp_db_info: {
    labels: ['host', 'port', 'database', 'version', 'platform', 'tool'],
    help: 'Always 1: which database, its version and platform, and the version of ahsp-db.',
  },
  ahsp_db_collected_timestamp_seconds: {
    labels: [],
    help: 'When the database was read, by its own clock, in seconds since 1970.',
  },
  ahsp_db_partial: {labels: [], help: '1: the run was cut short, 0: it ran to its end.'},
  ahsp_db_ready: {labels: [], help: '1: ready (healthy), 0: not; missing when it cannot be judged.'},
  ahsp_db_users: {labels: [], help: 'Users that the database was judged for; missing when none were named.'},
  ahsp_db_findings: {labels: ['severity'], help: 'Findings of each severity.'},
  ahsp_db_findings_ignored: {labels: [], help: 'Findings that the configuration ignores.'},
  ahsp_db_findings_unlisted: {labels: [], help: 'Findings without a series of their own: the worst 100 have one.'},
  ahsp_db_finding_info: {
    labels: ['rule', 'severity', 'subject', 'confidence'],
    help: 'Always 1: a finding, by its rule and what it is about.',
  },
  ahsp_db_rules: {
    labels: ['status'],
    help: 'Rules that found something, found nothing (ok), could not judge (skipped) or failed (error).',
  },
  ahsp_db_statistics_seconds: {labels: [], help: 'What the statistics of the database cover; missing when not known.'},
  ahsp_db_connections_max: {labels: [], help: 'max_connections.'},
  ahsp_db_connections_usable: {labels: [], help: 'Connections that are left after those reserved for administrators.'},
  ahsp_db_connections_clients: {labels: [], help: 'Most client connections seen while the check ran.'},
  ahsp_db_database_size_bytes: {labels: [], help: 'Size of the connected database.'},
} as const satisfies Record<string, {labels: readonly string[]; help: string}>

export type MetricName = keyof typeof METRICS
