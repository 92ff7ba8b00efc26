import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {usageError} from '../errors.js'
import {PLATFORM_IDS} from '../fix/platform.js'
import {SEVERITIES} from '../rule.js'

/** Flags and arguments that several commands share; each help text is stated here alone. */
export const conninfoArg = {
  conninfo: Args.string({
    description: 'URL, key=value string or database name; else DATABASE_URL, else the PG* variables',
    // Else oclif takes a piped text for the missing argument: cron and CI have one.
    ignoreStdin: true,
  }),
}

const positive = Flags.custom<number>({
  parse: async input => {
    const number = Number(input)
    if (Number.isInteger(number) && number > 0) return number
    throw usageError(`${JSON.stringify(input)} is no whole number above 0`, 'e.g. 100')
  },
})

export const globalFlags = {
  config: Flags.string({char: 'c', description: 'configuration file (default: ahsp-db.yaml here)', helpValue: 'FILE'}),
  debug: Flags.boolean({description: 'show the stack of an error and the time of each section'}),
}

export const connectionFlags = {
  pgbouncer: Flags.string({
    description: "console of a PgBouncer in front of it, e.g. 'host=pooler user=stats'; again for each",
    multiple: true,
    multipleNonGreedy: true,
    exclusive: ['snapshot'],
    helpValue: 'CONNINFO',
  }),
  window: Flags.string({
    description: 'watch this long before judging, e.g. 30s (2s with a console)',
    helpValue: 'TIME',
  }),
  deep: Flags.boolean({description: 'measure the bloat of the largest tables (extension pgstattuple; up to 20 s)'}),
  timeout: Flags.string({description: 'end the whole run after this long', default: '60s', helpValue: 'TIME'}),
}

export const contextFlags = {
  users: positive({char: 'u', description: 'concurrent users the database must be ready for', helpValue: 'N'}),
  'current-users': positive({description: 'users on the application right now', helpValue: 'N'}),
  ram: Flags.string({description: "memory of the server (or its container's limit), e.g. 16GB", helpValue: 'SIZE'}),
  'disk-free': Flags.string({description: 'free on the disk that holds the data, e.g. 50GB', helpValue: 'SIZE'}),
  cpus: positive({description: 'CPU cores of the server', helpValue: 'N'}),
  storage: Flags.option({options: ['ssd', 'hdd'] as const, description: 'what the data lies on'})(),
  platform: Flags.option({
    options: PLATFORM_IDS,
    description: 'where it runs, when it cannot be told',
    helpValue: 'NAME',
  })(),
}

export const selectionFlags = {
  only: Flags.string({
    description: 'only these rules or categories',
    multiple: true,
    // Greedy, it would take the connection string that follows for a rule.
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'RULE',
  }),
  skip: Flags.string({
    description: 'not these rules or categories',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'RULE',
  }),
}

export const exitFlags = {
  'fail-on': Flags.option({options: SEVERITIES, description: 'exit 1 from this severity on (default: high)'})(),
  strict: Flags.boolean({description: 'exit 4 when anything could not be read'}),
}

export const outputFlags = {
  output: Flags.string({char: 'o', description: 'write to this file instead of the terminal', helpValue: 'FILE'}),
}

export const snapshotFlags = {
  snapshot: Flags.string({
    description: 'analyse this snapshot file instead of a server; again for each replica, whose index scans are added',
    multiple: true,
    // Greedy, it would take the argument that follows for a file.
    multipleNonGreedy: true,
    helpValue: 'FILE',
  }),
}

export const baselineFlags = {
  baseline: Flags.string({
    description:
      'compare with an earlier run: a snapshot or report, the last one of the history, or that of so long ago',
    helpValue: 'FILE|last|7d',
  }),
}

export const historyFlags = {
  history: Flags.string({
    description: 'where runs are remembered: a folder, or a database (default: .ahsp-db/history)',
    helpValue: 'DIR|URL',
  }),
  save: Flags.boolean({description: 'remember this run there; one such run of a database at a time (else exit 75)'}),
  'wait-lock': Flags.string({
    description: 'wait this long for another run of the same database',
    dependsOn: ['save'],
    helpValue: 'TIME',
  }),
}

export const newsFlags = {
  'fail-on-new': Flags.boolean({
    description: 'exit 1 only for what is new or worse since the baseline; without an earlier run everything is',
    dependsOn: ['baseline'],
  }),
}

/** Many servers at once: the targets of the configuration. */
export const fleetFlags = {
  all: Flags.boolean({description: 'every target of the configuration, each with a row of one table'}),
  tag: Flags.string({
    description: 'as --all, but only targets with this tag; again for targets that have all of the tags',
    multiple: true,
    // Greedy, it would take the argument that follows for a tag.
    multipleNonGreedy: true,
    helpValue: 'TAG',
  }),
  jobs: positive({
    char: 'j',
    description: 'with --all: targets that are read at once (default: 8)',
    relationships: [{type: 'some', flags: ['all', 'tag']}],
    helpValue: 'N',
  }),
}

/** For commands that plan a workload: where it comes from, and what plans it. */
export const workloadFlags = {
  queries: Flags.string({
    description: 'the statements of this file or folder, not of pg_stat_statements',
    exclusive: ['log'],
    helpValue: 'FILE|DIR',
  }),
  log: Flags.string({
    description: "the statements of this log of PostgreSQL's, with their values; again for each file, in order",
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'FILE',
  }),
  prefix: Flags.string({
    description: 'log_line_prefix of a stderr log (default: recognised)',
    dependsOn: ['log'],
    helpValue: 'LOG_LINE_PREFIX',
  }),
  planner: Flags.option({
    options: ['shadow', 'hypopg'] as const,
    default: 'shadow',
    description: 'a private PostgreSQL on this machine, or the extension hypopg of the server',
  })(),
  snapshot: Flags.string({
    description: 'plan from this file that snapshot --include-statistics wrote, without a server',
    helpValue: 'FILE',
  }),
}
