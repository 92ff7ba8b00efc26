import {codeSpan, markdownText} from '../render/sanitize.js'
import {milliseconds, number} from '../units.js'
import {fileLine, KIND_HEADINGS, logLine, parentText, seenText, stepsText} from './render.js'
import type {LogReport, LoopReport} from './report.js'

/** The report for a ticket. */
export function logMarkdown(report: LogReport): string {
  const {verdict, log, loops, requests, limits} = report
  const kinds = (['n-plus-one', 'cache', 'batch'] as const).flatMap(kind => {
    const some = loops.filter(loop => loop.kind === kind)
    return some.length === 0 ? [] : [`## ${markdownText(KIND_HEADINGS[kind])}`, ...some.map(loopPart)]
  })
  const rows = requests.map(({count, queries, mostQueries, ms, steps, place}) => [
    number(count),
    number(queries),
    number(mostQueries),
    ms === null ? '-' : milliseconds(ms),
    codeSpan(stepsText(steps), true),
    codeSpan(place, true),
  ])
  const parts = [
    `# ${markdownText(verdict.headline)}`,
    [logLine(log), ...log.files.map(fileLine)].map(markdownText).join('  \n'),
    ...kinds,
    ...(rows.length > 0 ? ['## Costliest requests', table(rows)] : []),
    ...(limits.length > 0 ? ['## What this log cannot show', list(limits)] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function loopPart(loop: LoopReport, index: number): string {
  const lines = [
    `child: ${codeSpan(loop.child)}`,
    ...(loop.parent ? [`parent: ${codeSpan(parentText(loop))}`] : []),
    `seen: ${markdownText(seenText(loop))}`,
    `first: ${codeSpan(loop.place)}`,
    `fix: ${markdownText(loop.fix)}${loop.sql ? ` ${codeSpan(loop.sql)}` : ''}`,
  ]
  return [`### ${index + 1}. ${markdownText(loop.title)}`, lines.map(line => `- ${line}`).join('\n')].join('\n\n')
}

function table(rows: string[][]): string {
  const head = ['times', 'queries', 'most', 'time', 'statements (x: repeated)', 'first at']
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

const list = (texts: string[]) => texts.map(text => `- ${markdownText(text)}`).join('\n')
