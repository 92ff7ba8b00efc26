import type {Block} from '../report.js'
import type {Setting} from '../snapshot.js'
import {quoteIdent} from '../sql/quote.js'
import {type Apply, RECONNECT, shellQuote} from './apply.js'
import type {Platform} from './platform.js'
import {baseValue, sqlName, sqlValue} from './values.js'

/** Changing a setting where there is neither a file to edit nor ALTER SYSTEM. */
export type Change = {
  name: string
  /** null: back to the platform's default */
  to: string | null
  setting: Setting | null
  apply: Apply
  database: string
}

/** The platform's own way to change `change.name`, then what puts it into effect. */
export function managedSteps(platform: Platform, change: Change): Block[] {
  if (change.to === null) return [words(resetText(platform, change))]
  // APIs take the number in the setting's base unit ("32768" of 8kB), never "256MB".
  const base = baseValue(change.to, change.setting?.unit ?? null)
  switch (platform.id) {
    case 'rds':
      return amazon(change, base, 'modify-db-parameter-group --db-parameter-group-name', 'DB parameter group')
    case 'aurora':
      return amazon(
        change,
        base,
        'modify-db-cluster-parameter-group --db-cluster-parameter-group-name',
        'DB cluster parameter group',
      )
    case 'cloudsql':
      return google(change, base, 'gcloud sql instances patch <instance>')
    case 'alloydb':
      return google(change, base, 'gcloud alloydb instances update <instance> --cluster=<cluster> --region=<region>')
    case 'azure':
      return azure(change, base)
    case 'supabase':
      return [supabase(change, change.to)]
    default:
      return withoutServerSettings(platform, change, change.to)
  }
}

function amazon(change: Change, base: string, command: string, group: string): Block[] {
  const method = change.apply === 'restart' ? 'pending-reboot' : 'immediate'
  const {name} = change
  const plain = /^[\w./-]+$/.test(base)
  const parameters = plain
    ? `"ParameterName=${name},ParameterValue=${base},ApplyMethod=${method}"`
    : shellQuote(JSON.stringify([{ParameterName: name, ParameterValue: base, ApplyMethod: method}]))
  const text = `In the instance's ${group} (your own: the default one cannot be changed), in the console or by the AWS CLI`
  const reboot = 'aws rds reboot-db-instance --db-instance-identifier <instance>'
  return [
    {
      text: `${text}${unitNote(change)}`,
      language: 'sh',
      lines: [`aws rds ${command} <group> --parameters ${parameters}`],
    },
    ...(change.apply === 'restart' ? [shell('Restart (ends every session)', reboot)] : []),
    ...(change.apply === 'reconnect' ? [RECONNECT] : []),
  ]
}

function google(change: Change, base: string, command: string): Block[] {
  const flag = `${change.name}=${base}`
  const value = /^[\w.=/-]+$/.test(flag) ? flag : shellQuote(base.includes(',') ? `^;^${flag}` : flag)
  const restart = change.apply === 'restart' ? '; it restarts the instance' : ''
  const text = `Set the database flag, in the console or by gcloud (the list replaces the old one: name every flag to keep)${restart}${unitNote(change)}`
  return [shell(text, `${command} --database-flags=${value}`), ...(change.apply === 'reconnect' ? [RECONNECT] : [])]
}

function azure(change: Change, base: string): Block[] {
  const value = /^[\w./-]+$/.test(base) ? base : shellQuote(base)
  const set = `az postgres flexible-server parameter set --resource-group <group> --server-name <server> --name ${change.name} --value ${value}`
  const restart = 'az postgres flexible-server restart --resource-group <group> --name <server>'
  return [
    shell(`Under "Server parameters" in the portal, or by the Azure CLI${unitNote(change)}`, set),
    ...(change.apply === 'restart' ? [shell('Restart (ends every session)', restart)] : []),
    ...(change.apply === 'reconnect' ? [RECONNECT] : []),
  ]
}

function supabase(change: Change, to: string): Block {
  const restart = change.apply === 'restart' ? '; it restarts the database' : ''
  const value = /^[\w.=/-]+$/.test(to) ? to : shellQuote(to)
  return shell(
    `By the Supabase CLI${restart}`,
    `supabase --experimental --project-ref <ref> postgres-config update --config ${change.name}=${value}`,
  )
}

/** Neon and Heroku set the server by the size you pay for; only per-session settings are yours. */
function withoutServerSettings(platform: Platform, change: Change, to: string): Block[] {
  if (change.setting?.context === 'user') {
    const set = `ALTER DATABASE ${quoteIdent(change.database)} SET ${sqlName(change.name)} = ${sqlValue(change.name, to)};`
    return [{text: 'For the whole database, in SQL', language: 'sql', lines: [set]}, RECONNECT]
  }
  const how = platform.id === 'neon' ? "the compute's size (console: Branches > Computes)" : 'the plan (heroku addons)'
  return [words(`${platform.name} sets ${change.name} by ${how}: choose a larger one, or ask support for ${to}`)]
}

function resetText(platform: Platform, change: Change): string {
  const way: Record<string, string> = {
    rds: `reset ${change.name} in the DB parameter group`,
    aurora: `reset ${change.name} in the DB cluster parameter group`,
    cloudsql: `remove ${change.name} from the instance's database flags`,
    alloydb: `remove ${change.name} from the instance's database flags`,
    azure: `reset ${change.name} to its default under "Server parameters"`,
    supabase: `supabase --experimental --project-ref <ref> postgres-config delete --config ${change.name}`,
  }
  return `Back to the default: ${way[platform.id] ?? `undo the change of ${change.name} where you made it`}`
}

function unitNote(change: Change): string {
  const unit = change.setting?.unit
  return unit && change.to !== baseValue(change.to!, unit) ? `; the number is ${change.to} in units of ${unit}` : ''
}

const shell = (text: string, line: string): Block => ({text, language: 'sh', lines: [line]})
const words = (text: string): Block => ({text, language: 'text', lines: []})
