import type {Block} from '../report.js'
import type {Platform} from './platform.js'

/** How a changed setting takes effect on a self-managed server; managed.ts has the others. */
export type Apply = 'reload' | 'restart' | 'reconnect'

const RELOAD_SQL = 'SELECT pg_reload_conf();'

/** Steps that put a change into effect begin with one of these words; the guide merges them into one. */
export const isApplyStep = (block: Block): boolean => /^(Restart|Reload|Reconnect)\b/.test(block.text)

export function applySteps(apply: Apply, platform: Platform): Block[] {
  if (apply === 'restart') return restartSteps(platform)
  if (apply === 'reload') return [reloadStep(platform)]
  return [reloadStep(platform), RECONNECT]
}

/** Only sessions that begin after the change see it. */
export const RECONNECT: Block = {
  text: 'Reconnect: only new sessions see the change, so restart the application (and its pooler)',
  language: 'text',
  lines: [],
}

/** The reload for people who are in psql already. */
export const reloadInSql = (): Block => ({text: 'Reload', language: 'sql', lines: [RELOAD_SQL]})

function restartSteps(platform: Platform): Block[] {
  const {service} = platform
  const shell = (line: string, text = 'Restart (ends every session)'): Block[] => [
    {text, language: 'sh', lines: [line]},
  ]
  if (platform.id === 'debian') return shell(`sudo systemctl restart postgresql@${service}`)
  if (platform.id === 'rhel') return shell(`sudo systemctl restart ${service}`)
  if (platform.id === 'docker') return shell('docker restart <container>')
  if (platform.id === 'homebrew') return shell(`brew services restart ${service}`)
  if (platform.id === 'windows') return [windowsRestart(service ?? '<service>')]
  if (platform.id === 'pg_ctl') {
    return shell(pgCtl(platform, 'restart'), 'Restart (ends every session), as the user that owns the data directory')
  }
  return [
    ...shell('sudo systemctl restart postgresql', 'Restart on Linux (ends every session)'),
    windowsRestart(`postgresql-x64-${platform.major ?? '<version>'}`, 'Restart on Windows instead, as administrator'),
  ]
}

function windowsRestart(service: string, text = 'Restart (ends every session), as administrator'): Block {
  return {text, language: 'bat', lines: [`net stop ${service}`, `net start ${service}`]}
}

function reloadStep(platform: Platform): Block {
  const shell = (line: string): Block => ({
    text: 'Reload (SELECT pg_reload_conf() does the same)',
    language: 'sh',
    lines: [line],
  })
  if (platform.id === 'debian') {
    const [version, ...cluster] = (platform.service ?? '').split('-')
    return shell(`sudo pg_ctlcluster ${version} ${cluster.join('-')} reload`)
  }
  if (platform.id === 'rhel') return shell(`sudo systemctl reload ${platform.service}`)
  if (platform.id === 'pg_ctl') return shell(pgCtl(platform, 'reload'))
  return reloadInSql()
}

function pgCtl(platform: Platform, action: 'restart' | 'reload'): string {
  return `pg_ctl -D ${shellQuote(platform.dataDirectory ?? '<data_directory>')} ${action}`
}

/** One word for a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
