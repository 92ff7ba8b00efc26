import {postLine} from './alert.js'
import {commandOf, type Plan, type UnitFile} from './plan.js'
import {cronOf} from './when.js'
import {cronText, shellWord} from './words.js'

const STATE = '/var/lib/ahsp-db'

/** A line for Debian's /etc/cron.d: silent while all is well, since cron mails whatever is printed. */
export function cron(plan: Plan): UnitFile[] {
  const user = plan.user ?? 'ahsp-db'
  return [{path: '/etc/cron.d/ahsp-db', text: crontab(plan, user)}]
}

function crontab(plan: Plan, user: string): string {
  const words = [...plan.program, ...commandOf(plan, {config: plan.config, history: `${STATE}/history`})]
  const post = postLine(plan, plan.webhookFile ?? '', 'ahsp-db on $(uname -n) ended with exit code $code')
  const tell = [`printf '%s\\n' "ahsp-db ended with exit code $code" "$out"`, ...(post ? [post] : [])].join('; ')
  const line =
    `cd ${STATE} && out=$(${words.map(shellWord).join(' ')} 2>&1); code=$?; ` +
    `case $code in 0|75) ;; *) ${tell};; esac`
  return `# Once: a role that may read statistics only (ahsp-db init > role.sql), and its line in the password file.
# ${user} owns ${STATE} and /etc/ahsp-db/pgpass, both closed to all others.
# What is printed is mailed: nothing when all is well, or when the run before is not done yet (75).
SHELL=/bin/sh
PATH=/usr/bin:/bin
MAILTO=${plan.mail}
PGPASSFILE=/etc/ahsp-db/pgpass
${cronOf(plan.when)} ${user} ${cronText(line)}
`
}
