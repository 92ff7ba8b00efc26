import type {ActionStep} from '../rule.js'
import type {Pooler} from '../snapshot.js'
import {shellPath} from './pool-lines.js'
import {poolerNumber, poolerSetting} from './pooler.js'

/** The first version whose processes pass cancel requests on to each other. */
const HAS_PEERS = 11_900

/**
 * Two copies of the present file that differ in what each process needs for itself; pools are halved. Copies, because a
 * second section [pgbouncer] after an %include sets everything back to its default.
 */
export function changeSteps(pooler: Pooler): ActionStep[] {
  const present = poolerSetting(pooler, 'conffile') || '/etc/pgbouncer/pgbouncer.ini'
  const file = (id: number | '%i') => numbered(present, '.ini', id)
  const peers: ActionStep = {
    text: 'A section of its own at the end of both',
    lines: ['[peers]', '1 = host=/run/pgbouncer-1', '2 = host=/run/pgbouncer-2'],
    language: 'conf',
  }
  const copies = [1, 2].map(id => `sudo cp -p ${shellPath(present)} ${shellPath(file(id))}`)
  return [
    {text: 'A file for each process', lines: copies, language: 'sh'},
    ...[1, 2].map(
      (id): ActionStep => ({
        text: `Section [pgbouncer] of copy ${id}: each line in place of the one of its name`,
        file: file(id),
        lines: ownLines(pooler, id),
        language: 'conf',
      }),
    ),
    ...(hasPeers(pooler) ? [peers] : []),
    unit(file('%i')),
    {
      text: 'In place of the one process (cuts every client)',
      lines: [
        'sudo systemctl daemon-reload',
        'sudo systemctl disable --now pgbouncer',
        'sudo systemctl enable --now pgbouncer@1 pgbouncer@2',
      ],
      language: 'sh',
    },
    'Halve the sizes in the lines of [databases], too, and set pgbouncer: processes: 2 in ahsp-db.yaml',
  ]
}

const hasPeers = ({versionNum}: Pooler): boolean => versionNum >= HAS_PEERS

const numbered = (path: string, ending: string, id: number | string): string =>
  `${path.endsWith(ending) ? path.slice(0, -ending.length) : path}-${id}${ending}`

function ownLines(pooler: Pooler, id: number): string[] {
  const log = poolerSetting(pooler, 'logfile')
  return [
    'so_reuseport = 1',
    `unix_socket_dir = /run/pgbouncer-${id}`,
    `pidfile = /run/pgbouncer-${id}/pgbouncer.pid`,
    ...(log ? [`logfile = ${numbered(log, '.log', id)}`] : []),
    ...(hasPeers(pooler) ? [`peer_id = ${id}`] : []),
    ...halved(pooler),
  ]
}

const unit = (file: string): ActionStep => ({
  text: 'A unit for both',
  file: '/etc/systemd/system/pgbouncer@.service',
  lines: [
    '[Service]',
    'User=postgres',
    'RuntimeDirectory=pgbouncer-%i',
    `ExecStart=/usr/sbin/pgbouncer ${file}`,
    'ExecReload=/bin/kill -HUP $MAINPID',
    '[Install]',
    'WantedBy=multi-user.target',
  ],
  language: 'conf',
})

/** Each process has pools of its own: together they may open what the one did. */
const halved = (pooler: Pooler): string[] =>
  ['default_pool_size', 'min_pool_size', 'reserve_pool_size', 'max_db_connections', 'max_user_connections'].flatMap(
    name => {
      const value = poolerNumber(pooler, name) ?? 0
      return value > 0 ? [`${name} = ${Math.ceil(value / 2)}`] : []
    },
  )
