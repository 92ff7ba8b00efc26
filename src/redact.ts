import type {FileSetting, PoolerSetting, RoleSetting, Section, Setting, Snapshot} from './snapshot.js'
import {redactSql} from './sql/redact.js'

export const REDACTED = '<redacted>'

/** Named like secrets, but their values are needed and harmless. */
const HARMLESS = new Set([
  'password_encryption',
  'ssl_key_file',
  'krb_server_keyfile',
  'client_tls_key_file',
  'server_tls_key_file',
])

const isSecret = (name: string) =>
  !HARMLESS.has(name) &&
  (/_(?:conninfo|command)$/.test(name) ||
    /(?:^|[_.])(?:password|passwd|secret|token|key|passphrase)(?:$|[_.])/.test(name))

/** An empty value and PostgreSQL's own placeholder say that nothing is set: that is not a secret. */
const isEmpty = (value: string | null) => value === null || value === '' || value === '(disabled)'

const hide = <T extends string | null>(name: string, value: T): T | string =>
  isSecret(name) && !isEmpty(value) ? REDACTED : typeof value === 'string' ? hideUrlPasswords(value) : value

/** Passwords in URLs and in key=value strings, wherever they stand. */
export const hideUrlPasswords = (text: string) =>
  text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@?#]*:)[^\s'"]*@/gi, `$1${REDACTED}@`)
    .replace(/(\bpassword\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s'&]+)/gi, `$1${REDACTED}`)

const update = <T>(section: Section<T>, change: (data: T) => T): Section<T> =>
  section.ok ? {...section, data: change(section.data)} : section

const setting = (s: Setting): Setting => ({
  ...s,
  value: hide(s.name, s.value),
  bootValue: hide(s.name, s.bootValue),
  resetValue: hide(s.name, s.resetValue),
})
const poolerSetting = (s: PoolerSetting): PoolerSetting => ({...s, value: hideLdap(hide(s.name, s.value))})
const named = <T extends FileSetting | RoleSetting>(s: T): T => ({...s, value: hide(s.name, s.value)})

/** auth_ldap_options holds several options in one value. */
const hideLdap = (value: string) => value.replace(/(ldapbindpasswd\s*=\s*)("(?:[^"]|"")*"|\S+)/gi, `$1${REDACTED}`)

/** `ldapbindpasswd=...`, `radiussecrets=...` */
const hbaOption = (option: string) => option.replace(/^([^=]*(?:passw|secret)[^=]*=).*/i, `$1${REDACTED}`)

/** The one place through which every snapshot goes before anybody sees or stores it. */
export function redact(snapshot: Snapshot): Snapshot {
  const {sections} = snapshot
  const settings = sections.settings
  const standardStrings =
    !settings.ok || settings.data.find(s => s.name === 'standard_conforming_strings')?.value !== 'off'
  const sql = (text: string) => hideUrlPasswords(redactSql(text, standardStrings))
  return {
    ...snapshot,
    warnings: snapshot.warnings.map(hideUrlPasswords),
    sections: {
      ...snapshot.sections,
      settings: update(settings, rows => rows.map(setting)),
      poolers: update(sections.poolers, all =>
        all.map(pooler => ({...pooler, config: pooler.config.map(poolerSetting)})),
      ),
      fileSettings: update(sections.fileSettings, rows => rows.map(named)),
      roleSettings: update(sections.roleSettings, rows => rows.map(named)),
      activity: update(sections.activity, data => ({
        ...data,
        sessions: data.sessions.map(session => ({...session, query: sql(session.query)})),
      })),
      statementTexts: update(sections.statementTexts, rows => rows.map(row => ({...row, text: sql(row.text)}))),
      statementFamilies: update(sections.statementFamilies, data => ({
        ...data,
        families: data.families.map(family => ({...family, text: sql(family.text)})),
      })),
      hbaRules: update(sections.hbaRules, rows => rows.map(rule => ({...rule, options: rule.options.map(hbaOption)}))),
    },
  }
}
