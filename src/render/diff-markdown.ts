import type {Diff} from '../diff/diff-types.js'
import {changeRows, findingRows, headline, statementNotes, statementRows} from './diff-rows.js'
import {codeSpan, markdownText} from './sanitize.js'
import {timestamp} from './summary.js'

/** The diff for a ticket. */
export function diffMarkdown(diff: Diff): string {
  const {before, after} = diff
  const parts = [
    `# ${markdownText(headline(diff))}`,
    list([before, after].map(run => `${markdownText(timestamp(run.at))}: ${markdownText(run.headline)}`)),
    ...diffMarkdownParts(diff),
    `---\n\n${markdownText(`ahsp-db ${after.tool}`)} · ${codeSpan(`${after.target.host}:${after.target.port}/${after.target.database}`)}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

/** What changed, below a heading that somebody else writes, with subheadings of this level. */
export function diffMarkdownParts(diff: Diff, level = '##'): string[] {
  const section = (title: string, items: string[]) => (items.length > 0 ? `${level} ${title}\n\n${list(items)}` : '')
  const findings = findingRows(diff).map(({what, severity, title, of}) =>
    [what, severity, markdownText(title), codeSpan(of, true)].join(' | '),
  )
  const head = ['| | severity | finding | rule and object |', '| --- | --- | --- | --- |']
  const statements = statementRows(diff.statements).map(
    ({what, text, statement}) => `${markdownText(`${what}: ${text}`)}: ${codeSpan(statement)}`,
  )
  return [
    findings.length > 0 ? [...head, ...findings.map(row => `| ${row} |`)].join('\n') : '',
    section(
      'Settings and schema',
      changeRows(diff).map(({kind, text}) => markdownText(`${kind}: ${text}`)),
    ),
    section('Statements', [...statements, ...statementNotes(diff.statements).map(markdownText)]),
    section('Notes', [...diff.notes, ...diff.incomparable.map(text => `not compared: ${text}`)].map(markdownText)),
  ].filter(Boolean)
}

const list = (items: string[]) => items.map(item => `- ${item}`).join('\n')
