import {poolCapacity, poolerName, poolerNumber} from '../../derive/pooler.js'
import {defineRule, type FindingDraft, type FixRequest} from '../../rule.js'
import type {Pooler} from '../../snapshot.js'

/** The log, the sockets it listens on, pipes of the event loop. */
const OWN_FILES = 10

export default defineRule({
  id: 'pooler/open-file-limit',
  title: 'PgBouncer may open too few files for its clients',
  category: 'pooler',
  asksFor: 'pooler',
  needs: ['poolers'],
  options: {
    usual: {default: 1024, unit: 'count', help: 'what fits in this many files fits everywhere'},
    nearAt: {default: 80, unit: 'percent', help: 'high when this share of the files is in use'},
  },
  severity: {
    high: 'clients and server connections use nearAt of the files now: it stops accepting soon',
    medium: 'all clients and full pools together need more files than it may open: this shows at peak load only',
  },
  why:
    'Every client and every server connection is an open file. At the limit of the process PgBouncer accepts nobody ' +
    'any more, whatever max_client_conn says, and the clients see a hanging connect.',
  references: ['https://www.pgbouncer.org/config.html#max_client_conn'],
  check({poolers}, options, {poolerOpenFiles}) {
    const known = poolers.flatMap(pooler => {
      const clients = poolerNumber(pooler, 'max_client_conn')
      if (clients === null) return []
      const servers = poolCapacity([pooler], () => true).connections
      return [{pooler, clients, servers, needed: clients + servers + OWN_FILES}]
    })
    if (known.length === 0) return {cannotJudge: 'SHOW CONFIG does not tell max_client_conn'}
    const most = Math.max(...known.map(({needed}) => needed))
    if (poolerOpenFiles === undefined && most > options.usual) {
      return {
        cannotJudge: `up to ${most} open files are needed, and how many PgBouncer may open is not known`,
        cure: "grep 'open files' /proc/$(pidof pgbouncer)/limits   # then pgbouncer: openFiles: in ahsp-db.yaml",
      }
    }
    const limit = poolerOpenFiles ?? options.usual
    return {
      summary: `up to ${most} of ${poolerOpenFiles === undefined ? `the usual ${limit}` : limit} open files are needed`,
      findings: known
        .filter(({needed}) => needed > limit)
        .map(({pooler, clients, servers}) => finding(pooler, {clients, servers, limit, nearAt: options.nearAt})),
    }
  },
})

type Files = {clients: number; servers: number; limit: number; nearAt: number}

function finding(pooler: Pooler, {clients, servers, limit, nearAt}: Files): FindingDraft {
  const needed = clients + servers + OWN_FILES
  const used = (pooler.lists.used_clients ?? 0) + (pooler.lists.used_servers ?? 0) + OWN_FILES
  return {
    severity: used >= (limit * nearAt) / 100 ? 'high' : 'medium',
    subject: poolerName(pooler),
    title: `${limit} open files are too few: ${clients} clients and ${servers} server connections need ${needed}`,
    detail: `About ${used} are open now. At ${limit} PgBouncer writes "accept() failed: Too many open files" to its log.`,
    evidence: [
      {label: 'open files allowed', value: limit, source: 'pgbouncer: openFiles in ahsp-db.yaml'},
      {label: 'max_client_conn', value: clients, source: 'SHOW CONFIG'},
      {label: 'server connections of full pools', value: servers, source: 'SHOW POOLS, SHOW DATABASES'},
      {label: 'in use now, about', value: used, source: 'SHOW LISTS'},
    ],
    confidence: 'estimated',
    fixes: [raise(needed), ...lower(pooler, limit - servers - OWN_FILES, used)],
  }
}

/** With room for pools to come. */
const raise = (needed: number): FixRequest => {
  const to = Math.max(4096, 2 ** Math.ceil(Math.log2(needed * 1.25)))
  return {
    kind: 'action',
    title: `Allow PgBouncer ${to} open files`,
    risk: 'review',
    steps: [
      {
        text: 'Where systemd starts it: a file of its own beside the unit (or sudo systemctl edit pgbouncer)',
        file: '/etc/systemd/system/pgbouncer.service.d/open-files.conf',
        lines: ['[Service]', `LimitNOFILE=${to}`],
        language: 'conf',
      },
      {
        text: 'Read the units again and restart PgBouncer (cuts every client)',
        lines: ['sudo systemctl daemon-reload', 'sudo systemctl restart pgbouncer'],
        language: 'sh',
      },
      {
        text: `Then look, and set pgbouncer: openFiles: ${to} in ahsp-db.yaml`,
        lines: ["grep 'open files' /proc/$(pidof pgbouncer)/limits"],
        language: 'sh',
      },
    ],
    note: 'in a container: --ulimit nofile; without systemd: ulimit -n in the script that starts it',
  }
}

/** A refusal that says why is better than a connect that hangs. */
const lower = (pooler: Pooler, to: number, used: number): FixRequest[] =>
  to <= used
    ? []
    : [
        {
          kind: 'pooler',
          pooler,
          name: 'max_client_conn',
          to: `${to}`,
          title: `Until then: accept ${to} clients at most`,
          risk: 'review',
        },
      ]
