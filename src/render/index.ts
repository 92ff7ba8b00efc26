import type {Report} from '../report.js'

export const FORMATS = ['table', 'markdown', 'json'] as const
export type Format = (typeof FORMATS)[number] | 'brief'
export type RenderOptions = {
  color: boolean
  width: number
  /** table: the details of every finding, however long it gets */
  full?: boolean
}

/** Each format's module is loaded only when it is asked for. */
export async function render(report: Report, format: Format, options: RenderOptions): Promise<string> {
  if (format === 'table') return (await import('./table.js')).table(report, options)
  if (format === 'brief') return (await import('./brief.js')).brief(report, options)
  if (format === 'markdown') return (await import('./markdown.js')).markdown(report)
  return (await import('./json.js')).json(report)
}
