import {postLine} from './alert.js'
import {commandOf, LIMIT_MINUTES, type Plan, type UnitFile} from './plan.js'
import {calendarOf} from './when.js'
import {systemdWord} from './words.js'

const FOLDER = '/etc/systemd/system'
const STATE = '/var/lib/ahsp-db'

/** A service, its timer, and a service that tells of trouble. */
export const systemd = (plan: Plan): UnitFile[] => [
  {path: `${FOLDER}/ahsp-db.service`, text: service(plan)},
  {path: `${FOLDER}/ahsp-db.timer`, text: timer(plan)},
  {path: `${FOLDER}/ahsp-db-alert.service`, text: alert(plan)},
]

/** W^X stays off: Node compiles what it runs. */
const HARDENING = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077`

function service(plan: Plan): string {
  const words = [...plan.program, ...commandOf(plan, {config: plan.config, history: `${STATE}/history`})]
  return `# Once: a role that may read statistics only (ahsp-db init > role.sql), its line in a password file that root alone
# reads (/etc/ahsp-db/pgpass, host:port:database:user:password), then: systemctl enable --now ahsp-db.timer
[Unit]
Description=Health of the PostgreSQL databases
Wants=network-online.target
After=network-online.target
OnFailure=ahsp-db-alert.service

[Service]
Type=oneshot
# libpq's rule, and this program's: nobody else may read the file. The copy lives in memory, as long as the run.
LoadCredential=pgpass:/etc/ahsp-db/pgpass
ExecStartPre=/usr/bin/install -m 0600 \${CREDENTIALS_DIRECTORY}/pgpass /run/ahsp-db/pgpass
ExecStart=${words.map(systemdWord).join(' ')}
Environment=PGPASSFILE=/run/ahsp-db/pgpass
# 75: the run before this one is not done yet.
SuccessExitStatus=75
TimeoutStartSec=${LIMIT_MINUTES}min
${plan.user === undefined ? 'DynamicUser=yes' : `User=${plan.user}`}
RuntimeDirectory=ahsp-db
RuntimeDirectoryMode=0700
StateDirectory=ahsp-db
StateDirectoryMode=0700
WorkingDirectory=${STATE}
Nice=10
MemoryMax=1G

${HARDENING}
`
}

const timer = ({when}: Plan): string => `[Unit]
Description=Health of the PostgreSQL databases, on time

[Timer]
OnCalendar=${calendarOf(when)}
RandomizedDelaySec=30s
# A run that was missed while the machine was off is made up for.
Persistent=yes

[Install]
WantedBy=timers.target
`

/** Sandboxed only as far as journalctl and sendmail bear it. */
function alert(plan: Plan): string {
  const post = postLine(plan, '"$CREDENTIALS_DIRECTORY/webhook"', 'ahsp-db failed on $(uname -n)')
  const mail =
    `{ echo "To: ${plan.mail}"; echo "Subject: ahsp-db failed on $(uname -n)"; echo; ` +
    `journalctl --unit ahsp-db.service --lines 60 --output cat --no-pager; } | sendmail -t`
  const line = post ?? mail
  return `[Unit]
Description=Tell that ahsp-db.service failed

[Service]
Type=oneshot
${post ? `LoadCredential=webhook:${plan.webhookFile}\n` : ''}ExecStart=/bin/sh -c ${systemdWord(line)}
TimeoutStartSec=2min
${post ? 'DynamicUser=yes\nPrivateDevices=yes\n' : ''}ProtectHome=yes
ProtectSystem=full
`
}
