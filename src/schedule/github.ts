import {stringify} from 'yaml'
import {commandOf, LIMIT_MINUTES, npxWords, type Plan, type UnitFile} from './plan.js'
import {cronOf} from './when.js'
import {shellWord} from './words.js'

const HISTORY = '.ahsp-db/history'

/** What the runner fills in. */
const value = (expression: string) => `\${{ ${expression} }}`

/** A workflow; GitHub itself mails of a run that failed. */
export function github(plan: Plan): UnitFile[] {
  const text = `# The role: ahsp-db init > role.sql, it may read statistics only.
# The secret AHSP_DB_PGPASS holds the lines of a password file: host:port:database:user:password
${stringify(workflow(plan), {lineWidth: 0})}`
  return [{path: '.github/workflows/ahsp-db.yml', text}]
}

const workflow = (plan: Plan) => ({
  name: 'ahsp-db',
  on: {schedule: [{cron: cronOf(plan.when)}], workflow_dispatch: {}},
  permissions: {contents: 'read'},
  concurrency: {group: 'ahsp-db', 'cancel-in-progress': false},
  jobs: {check: {'runs-on': 'ubuntu-latest', 'timeout-minutes': LIMIT_MINUTES, steps: steps(plan)}},
})

function steps(plan: Plan) {
  const words = [...npxWords(plan), ...commandOf(plan, {config: plan.config, history: HISTORY})]
  const key = `ahsp-db-history-${value('github.run_id')}-${value('github.run_attempt')}`
  return [
    {uses: 'actions/checkout@v4', with: {'persist-credentials': false}},
    {uses: 'actions/setup-node@v4', with: {'node-version': 22}},
    {uses: 'actions/cache/restore@v4', with: {path: HISTORY, key, 'restore-keys': 'ahsp-db-history-'}},
    {
      name: 'Password file',
      env: {PGPASS: value('secrets.AHSP_DB_PGPASS')},
      run: `umask 077\nprintf '%s\\n' "$PGPASS" > "$RUNNER_TEMP/pgpass"\n`,
    },
    {
      name: 'Check',
      env: {PGPASSFILE: `${value('runner.temp')}/pgpass`, npm_config_omit: 'optional'},
      run: words.map(shellWord).join(' '),
    },
    // What was found must be remembered, too.
    {uses: 'actions/cache/save@v4', if: value('!cancelled()'), with: {path: HISTORY, key}},
  ]
}
