import {loadGrid} from '../render/grid.js'
import {safeJson} from '../render/json.js'
import {prose} from '../render/sanitize.js'
import {bold, dim, green, severityColor, wrap} from '../render/style.js'
import {milliseconds, number} from '../units.js'
import {percent} from './judge.js'
import {logMarkdown} from './markdown.js'
import type {LogReport, LoopKind, LoopReport, RequestReport} from './report.js'

export const LOG_FORMATS = ['table', 'markdown', 'json'] as const
export type LogRenderFormat = (typeof LOG_FORMATS)[number]

type Page = {color: boolean; width: number}

const MIN_WIDTH = 40
const MAX_WIDTH = 100
const LABEL = 8
const STEPS_SHOWN = 6

/** `json` has everything; the others are for people. */
export async function renderLog(report: LogReport, format: LogRenderFormat, page: Page): Promise<string> {
  if (format === 'json') return safeJson(report, 2)
  if (format === 'markdown') return logMarkdown(report)
  return table(report, {...page, width: Math.max(MIN_WIDTH, Math.min(page.width, MAX_WIDTH))})
}

async function table(report: LogReport, page: Page): Promise<string> {
  const sections = [
    head(report, page),
    ...(['n-plus-one', 'cache', 'batch'] as const).flatMap(kind => loopSections(report, kind, page)),
    await requests(report.requests, page),
    limits(report, page),
  ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

function head({verdict, log}: LogReport, {color, width}: Page): string[] {
  const paint =
    verdict.status === 'clean'
      ? green
      : verdict.status === 'found'
        ? (text: string, on: boolean) => severityColor('high', text, on)
        : bold
  return [
    ...wrap(prose(verdict.headline), width).map(line => paint(line, color)),
    ...[logLine(log), ...log.files.map(fileLine)]
      .flatMap(text => wrap(prose(text), width))
      .map(line => dim(line, color)),
  ]
}

export function logLine({statements, sessions, ms, from, to}: LogReport['log']): string {
  const parts = [
    `${number(statements)} statements`,
    sessions > 0 ? `of ${number(sessions)} session${sessions === 1 ? '' : 's'}` : '',
  ]
  const time = [from === null ? '' : `${from} to ${to}`, ms === null ? '' : `${milliseconds(ms)} in the database`]
  return [parts.filter(Boolean).join(' '), ...time].filter(Boolean).join(', ')
}

export function fileLine({
  name,
  format,
  prefix,
  lines,
  malformed,
  firstMalformed,
  problem,
}: LogReport['log']['files'][number]): string {
  const shape = format === null ? 'empty' : prefix === null ? format : `${format}, log_line_prefix '${prefix}'`
  const bad = firstMalformed
    ? `; ${number(malformed)} skipped, first line ${firstMalformed.line}: ${firstMalformed.outline}`
    : ''
  return `${name}: ${shape}, ${number(lines)} lines${bad}${problem ? `; ${problem}` : ''}`
}

export const KIND_HEADINGS: Record<LoopKind, string> = {
  'n-plus-one': 'N+1',
  cache: 'Cache it: the same values every time',
  batch: 'Batch loops: one statement for each value, no parent',
}

function loopSections({loops}: LogReport, kind: LoopKind, page: Page): string[][] {
  const some = loops.filter(loop => loop.kind === kind)
  if (some.length === 0) return []
  return [[bold(KIND_HEADINGS[kind], page.color)], ...some.map((loop, i) => loopLines(loop, i + 1, page))]
}

function loopLines(loop: LoopReport, index: number, {color, width}: Page): string[] {
  const rows: [string, string][] = [
    ['child', loop.child],
    ...(loop.parent ? ([['parent', parentText(loop)]] as [string, string][]) : []),
    ['seen', seenText(loop)],
    ['first', loop.place],
    ['fix', loop.fix],
    ...(loop.sql ? ([['', loop.sql]] as [string, string][]) : []),
  ]
  return [
    ...wrap(prose(`${index}. ${loop.title}`), width).map(line => bold(line, color)),
    ...rows.flatMap(([label, text]) =>
      wrap(prose(text), width - LABEL - 3).map((line, i) => `   ${(i === 0 ? label : '').padEnd(LABEL)}${line}`),
    ),
  ]
}

export function parentText({parent}: LoopReport): string {
  if (!parent) return ''
  const notes = [
    parent.by === 'position'
      ? `told by its place, not by names${parent.column ? `; through ${parent.column}?` : ''}`
      : '',
    parent.inLoop ? 'repeated in the same loop' : '',
  ].filter(Boolean)
  return parent.text + (notes.length > 0 ? ` (${notes.join('; ')})` : '')
}

export function seenText({median, most, runs, calls, shareOfCalls, shareOfTime, ms}: LoopReport): string {
  const time = shareOfTime === null ? '' : `, ${percent(shareOfTime)} of the time (${milliseconds(ms ?? 0)})`
  return `${number(median)} times per run (at most ${number(most)}), ${number(runs)} runs: ${number(calls)} calls, ${percent(shareOfCalls)} of all${time}`
}

async function requests(all: RequestReport[], {color, width}: Page): Promise<string[]> {
  if (all.length === 0) return []
  const grid = await loadGrid()
  const lines = grid({
    head: ['times', 'queries', 'most', 'time', 'statements (x: repeated), first at'],
    rows: all.map(({count, queries, mostQueries, ms, steps, place}) => [
      number(count),
      number(queries),
      number(mostQueries),
      ms === null ? '-' : milliseconds(ms),
      prose(`${stepsText(steps)} - ${place}`),
    ]),
    width,
    ruled: true,
  })
  return [bold('Costliest requests: what a session runs between two pauses, or in a transaction', color), ...lines]
}

/** The verb and the tables tell a page better than its long texts. */
export function stepsText(steps: RequestReport['steps']): string {
  const shown = steps.slice(0, STEPS_SHOWN).map(({text, repeated}) => `${brief(text)}${repeated ? ' x' : ''}`)
  return shown.join(', ') + (steps.length > STEPS_SHOWN ? `, ${steps.length - STEPS_SHOWN} more` : '')
}

function brief(text: string): string {
  const verb = /^\w+/.exec(text)?.[0].toUpperCase() ?? '?'
  const name = /\b(?:from|into|update)\s+(?:only\s+)?((?:"[^"]*"|[\w$]+)(?:\.(?:"[^"]*"|[\w$]+))*)/i.exec(text)?.[1]
  return name ? `${verb} ${name}` : text.slice(0, 30)
}

function limits({limits: all}: LogReport, {color, width}: Page): string[] {
  if (all.length === 0) return []
  return [
    bold('What this log cannot show', color),
    ...all.flatMap(text => wrap(prose(text), width - 4).map((line, i) => (i === 0 ? `??  ${line}` : `    ${line}`))),
  ]
}
