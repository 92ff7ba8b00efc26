import type {FleetReport} from '../fleet/types.js'
import type {RenderOptions} from './index.js'

export const FLEET_FORMATS = ['table', 'markdown', 'json', 'brief'] as const
export type FleetFormat = (typeof FLEET_FORMATS)[number]

/** Many targets in one text. Each format's module is loaded only when it is asked for. */
export async function renderFleet(fleet: FleetReport, format: FleetFormat, options: RenderOptions): Promise<string> {
  if (format === 'json') return (await import('./json.js')).safeJson(fleet, 2)
  if (format === 'markdown') return (await import('./fleet-markdown.js')).fleetMarkdown(fleet)
  if (format === 'brief') return (await import('./fleet-table.js')).fleetBrief(fleet, options)
  return (await import('./fleet-table.js')).fleetTable(fleet, options)
}
