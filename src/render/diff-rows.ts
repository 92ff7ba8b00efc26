import type {Diff, StatementChange, StatementsDiff} from '../diff/diff-types.js'
import {timestamp} from './summary.js'
import {milliseconds, number, seconds, shownValue} from './units.js'

/** What all outputs of a diff say alike. The texts are raw: each output sanitises them. */

/** `Since 2026-11-20 06:00 UTC (1 d): 2 new, 1 gone, 12 as before`. */
export function headline({before, after, findings}: Diff): string {
  const counts: [number, string][] = [
    [findings.new.length, 'new'],
    [findings.unsure.length, 'perhaps new'],
    [findings.worse.length, 'worse'],
    [findings.better.length, 'better'],
    [findings.gone.length, 'gone'],
    [findings.unknown.length, 'not judged now'],
    [findings.same, 'as before'],
  ]
  const told = counts.filter(([count]) => count > 0).map(([count, what]) => `${number(count)} ${what}`)
  const text = told.length > 0 ? `findings: ${told.join(', ')}` : 'no findings, then and now'
  return `Since ${timestamp(before.at)} (${seconds(Math.abs(after.at - before.at))}): ${text}`
}

/** Each finding that is not as before: what became of it, its severity, title, and what names it. */
export function findingRows({findings}: Diff): {what: string; severity: string; title: string; of: string}[] {
  const row = (what: string, {severity, title, rule, subject}: Diff['findings']['gone'][number], note = '') => ({
    what,
    severity,
    title: note ? `${title} (${note})` : title,
    of: subject === rule ? rule : `${rule} ${subject}`,
  })
  return [
    ...findings.new.map(finding => row('new', finding)),
    ...findings.worse.map(({before, after}) => row('worse', after, `was ${before.severity}`)),
    ...findings.unsure.map(({finding, why}) => row('new?', finding, `before: ${why}`)),
    ...findings.better.map(({before, after}) => row('better', after, `was ${before.severity}`)),
    ...findings.gone.map(finding => row('gone', finding)),
    ...findings.unknown.map(({finding, why}) => row('unknown', finding, `now: ${why}`)),
  ]
}

/** Settings and schema, a line each: what it is, and what became of it. */
export function changeRows({settings, schema}: Diff): {kind: string; text: string}[] {
  return [
    ...settings.map(({name, from, to}) => ({kind: 'setting', text: `${name}: ${from ?? 'none'} -> ${to ?? 'none'}`})),
    ...schema.map(({kind, name, change, detail}) => {
      // Versions name themselves: `PostgreSQL`, `extension "x"`.
      const what = change === 'changed' ? '' : ` ${change}`
      return {kind, text: `${name}${what}${detail ? `: ${detail}` : ''}`}
    }),
  ]
}

/** Statements in words: `slower` and what it took and takes. */
export function statementRows(statements: StatementsDiff): {what: string; text: string; statement: string}[] {
  if (!statements.comparable) return []
  const row = (what: string) => (change: StatementChange) => ({
    what,
    text: timesOf(change),
    statement: `query ${change.queryid}${change.text === null ? '' : `: ${shownValue(change.text)}`}`,
  })
  const {slower, faster, appeared} = statements
  return [...slower.map(row('slower')), ...appeared.map(row('appeared')), ...faster.map(row('faster'))]
}

function timesOf({beforeMs, afterMs, calls}: StatementChange): string {
  const now = milliseconds(afterMs)
  const times = beforeMs === null ? now : `${milliseconds(beforeMs)} -> ${now}`
  return `${times} per call, ${number(calls)} ${calls === 1 ? 'call' : 'calls'}`
}

/** What else there is to say of the statements. */
export const statementNotes = (statements: StatementsDiff): string[] =>
  statements.comparable ? statements.notes : [`no comparison: ${statements.reason}`]
