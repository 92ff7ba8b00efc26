import {plannerSwitchesOff, UNSAFE, type Unsafe} from '../../derive/unsafe-settings.js'
import {defineRule, type FindingDraft} from '../../rule.js'
import type {Setting} from '../../snapshot.js'

/** Set by ALTER ROLE for the role we came in with, or by this very session: not the server's. */
const OWN = ['user', 'database user', 'client', 'session', 'interactive']

export default defineRule({
  id: 'safety/unsafe-settings',
  title: 'Settings that risk the data, or blind the server',
  category: 'safety',
  needs: ['settings'],
  settings: ['fsync', 'full_page_writes'],
  options: {},
  severity: {
    critical: 'fsync is off: the next power failure or kernel crash can destroy the whole cluster',
    high: 'damage goes unnoticed or is made worse (page writes, checksums), or autovacuum is blind',
    medium: 'nobody can see what sessions do, the catalog is unprotected, or every plan does without a basic method',
    low: 'the planner does without one of its refinements, in every query',
    info: 'commits of the last moment may be lost, but nothing is damaged: a choice',
  },
  why:
    'These are switches for benchmarks and for repairs, and they are forgotten there. The server runs faster or just ' +
    'as before - until the first crash.',
  references: ['https://www.postgresql.org/docs/current/runtime-config-developer.html'],
  peers: ['PB', 'TU', 'PA'],
  check({settings}) {
    const switches = plannerSwitchesOff(settings)
    const found = [...UNSAFE, ...switches].flatMap(unsafe => {
      const setting = settings.find(({name}) => name === unsafe.name)
      return setting?.value === unsafe.bad && !OWN.includes(setting.source) ? [finding(unsafe, setting)] : []
    })
    const values = ['fsync', 'full_page_writes'].map(
      each => `${each} = ${settings.find(({name}) => name === each)?.value}`,
    )
    const off = found.length === 0 ? 'no other unsafe switch' : found.map(({subject}) => subject).join(', ')
    return {summary: `${values.join(', ')}; ${found.length === 0 ? off : `unsafe: ${off}`}`, findings: found}
  },
})

const finding = ({name, bad, good, severity, title, detail, note}: Unsafe, {source}: Setting): FindingDraft => ({
  severity,
  subject: name,
  title,
  detail,
  evidence: [{label: name, value: bad, source: `pg_settings, source ${source}`}],
  confidence: 'measured',
  fixes: [{kind: 'setting', name, to: good, ...(note ? {note} : {})}],
})
