import {defineRule, type FindingDraft} from '../../rule.js'
import type {FileSetting, Section, Setting} from '../../snapshot.js'

export default defineRule({
  id: 'observability/pending-restart',
  title: 'A changed setting waits for a restart',
  category: 'observability',
  needs: ['settings'],
  uses: ['fileSettings'],
  options: {},
  severity: {medium: 'what the file says is not in force, and comes into force at a restart nobody may expect it from'},
  why:
    'Somebody changed a setting and reloaded, but this one needs a restart: until then the server runs with the old value. ' +
    'The next restart, planned or not, brings the new one.',
  references: ['https://www.postgresql.org/docs/current/view-pg-settings.html'],
  check({settings, fileSettings}) {
    const pending = settings.filter(({pendingRestart}) => pendingRestart)
    if (pending.length === 0) {
      return {summary: `none of ${settings.length} settings waits for a restart`, findings: []}
    }
    const names = pending.map(({name}) => name).join(', ')
    return {summary: `waiting for a restart: ${names}`, findings: pending.map(each => finding(each, fileSettings))}
  },
})

function finding(setting: Setting, files: Section<FileSetting[]>): FindingDraft {
  const {name, value, unit} = setting
  const line = files.ok ? files.data.filter(each => each.name.toLowerCase() === name.toLowerCase()).at(-1) : undefined
  const now = `${value}${unit ? ` (in units of ${unit})` : ''}`
  const unseen = files.ok
    ? 'Its line was removed: the default follows.'
    : 'The new value is in a file that we may not read.'
  return {
    severity: 'medium',
    subject: name,
    title: line ? `${name} = ${line.value} waits for a restart` : `A change of ${name} waits for a restart`,
    detail: `The server still runs with ${now}. ${line ? `The new value stands in ${line.file}, line ${line.line}.` : unseen}`,
    evidence: [
      {label: `${name} in force`, value: now, source: 'pg_settings'},
      ...(line ? [{label: `${name} in the file`, value: line.value, source: 'pg_file_settings'}] : []),
    ],
    confidence: 'measured',
    fixes: [
      line
        ? {kind: 'setting', name, to: line.value, title: `Restart, so that ${name} = ${line.value} comes into force`}
        : {
            kind: 'action',
            title: 'Restart the server, or take the change back',
            steps: [`Restart when it suits (it ends every session), or put the old line of ${name} back and reload.`],
          },
    ],
  }
}
