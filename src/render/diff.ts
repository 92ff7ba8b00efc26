import type {Diff} from '../diff/diff-types.js'
import {diffMarkdown} from './diff-markdown.js'
import {diffSections} from './diff-table.js'
import {loadGrid} from './grid.js'
import {safeJson} from './json.js'
import {prose} from './sanitize.js'
import {dim, hanging} from './style.js'
import {timestamp} from './summary.js'
import type {Page} from './table.js'

const MIN_WIDTH = 40
const MAX_WIDTH = 100

/** The diff in one of its formats; the table is for a terminal of this width. */
export async function renderDiff(
  diff: Diff,
  format: 'table' | 'markdown' | 'json',
  options: {color: boolean; width: number},
): Promise<string> {
  if (format === 'json') return safeJson(diff, 2)
  if (format === 'markdown') return diffMarkdown(diff)
  const width = Math.max(MIN_WIDTH, Math.min(options.width, MAX_WIDTH))
  const page = {color: options.color, width, grid: await loadGrid()}
  const sections = [runLines(diff, page), ...diffSections(diff, page)].filter(section => section.length > 0)
  return `${sections.map(section => section.join('\n')).join('\n\n')}\n`
}

function runLines({before, after}: Diff, {width, color}: Page): string[] {
  const line = (mark: string, {at, headline}: Diff['before']) =>
    hanging(mark, `${timestamp(at)}: ${prose(headline)}`, width).map(text => dim(text, color))
  return [...line('before  ', before), ...line('after   ', after)]
}
