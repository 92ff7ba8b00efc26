import {stringify} from 'yaml'
import {EXIT} from '../errors.js'
import {commandOf, LIMIT_MINUTES, NODE_IMAGE, npxWords, type Plan, type UnitFile} from './plan.js'
import {cronOf} from './when.js'
import {shellWord} from './words.js'

const HISTORY = '.ahsp-db/history'

/** A job for scheduled pipelines; GitLab itself mails of a pipeline that failed. */
export function gitlab(plan: Plan): UnitFile[] {
  const text = `# The role: ahsp-db init > role.sql, it may read statistics only.
# Build > Pipeline schedules: a schedule with the interval ${cronOf(plan.when)}
# Settings > CI/CD > Variables: AHSP_DB_PGPASS, of type File, protected, with the lines of a password file:
# host:port:database:user:password
${stringify({'ahsp-db': job(plan)}, {lineWidth: 0})}`
  return [{path: '.gitlab-ci.yml', text}]
}

function job(plan: Plan) {
  const program = plan.image === undefined ? npxWords(plan) : ['ahsp-db']
  const words = [...program, ...commandOf(plan, {config: plan.config, history: HISTORY})]
  return {
    image: plan.image ?? NODE_IMAGE,
    rules: [{if: '$CI_PIPELINE_SOURCE == "schedule"'}],
    timeout: `${LIMIT_MINUTES} minutes`,
    // One at a time: each takes over the history of the one before.
    resource_group: 'ahsp-db',
    variables: {PGPASSFILE: '/tmp/pgpass', npm_config_omit: 'optional'},
    cache: {key: 'ahsp-db-history', paths: [HISTORY], when: 'always'},
    script: ['install -m 600 "$AHSP_DB_PGPASS" "$PGPASSFILE"', words.map(shellWord).join(' ')],
    allow_failure: {exit_codes: [EXIT.busy]},
  }
}
