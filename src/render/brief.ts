import type {Report} from '../report.js'
import {headline as sinceLine} from './diff-rows.js'
import type {RenderOptions} from './index.js'
import {prose} from './sanitize.js'
import {severityColor} from './style.js'
import {findingsBySeverity, poolersLine} from './summary.js'

/** The verdict, then one line per finding: severity, rule, subject, title. Never wrapped, so it can be grepped. */
export function brief(report: Report, {color, page}: RenderOptions): string {
  const lines = findingsBySeverity(report).map(({severity, rule, subject, title}) => {
    const word = severityColor(severity, severity.padEnd(8), color)
    return `${word}  ${rule}  ${prose(subject)}  ${prose(title)}`
  })
  // What a console alone can tell is not said of the server.
  const about = report.server ? '' : poolersLine(report)
  const headline = about ? `${report.verdict.headline} (${about})` : report.verdict.headline
  const since = page?.diff ? [sinceLine(page.diff)] : []
  return `${[prose(headline), ...since, ...lines].join('\n')}\n`
}
