import type {Report} from '../report.js'
import type {HtmlOptions} from './html/index.js'
import {isMachineFormat, MACHINE_FORMATS, type MachineOptions, renderOutcomes} from './machine.js'

export const FORMATS = ['table', 'markdown', 'json'] as const
/** Of a report of findings: those, the page, and what other programs read. */
export const REPORT_FORMATS = [...FORMATS, 'html', ...MACHINE_FORMATS] as const
export type Format = (typeof REPORT_FORMATS)[number] | 'brief'
export type RenderOptions = MachineOptions & {
  color: boolean
  width: number
  /** table: the details of every finding, however long it gets */
  full?: boolean
  /** what is shown besides the report: the diff in all formats but json, the rest on the page (html) alone */
  page?: HtmlOptions
}

/** Each format's module is loaded only when it is asked for. */
export async function render(report: Report, format: Format, options: RenderOptions): Promise<string> {
  if (format === 'table') return (await import('./table.js')).table(report, options)
  if (format === 'brief') return (await import('./brief.js')).brief(report, options)
  if (format === 'markdown') return (await import('./markdown.js')).markdown(report, options.page?.diff)
  if (format === 'html') return (await import('./html/index.js')).html(report, options.page ?? {snapshot: null})
  if (isMachineFormat(format))
    return renderOutcomes([{report, snapshot: options.page?.snapshot ?? null}], format, options)
  return (await import('./json.js')).json(report)
}
