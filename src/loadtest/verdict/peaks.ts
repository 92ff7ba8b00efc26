import {number} from '../../units.js'
import type {Facts} from './facts.js'
import {ZONES, zoneOf} from './phases.js'
import type {Peak} from './types.js'

/** Percent, as told: the database does not know them. */
export type ToldPeaks = {cpu: number | null; memory: number | null}

/** Peaks by the resource table: safe, warning, critical. */
export function peaksOf({connections}: Facts, told: ToldPeaks): Peak[] {
  const toldPeak = (name: 'cpu' | 'memory'): Peak => {
    const percent = told[name]
    const detail = percent === null ? `give --${name}-peak` : `as told (--${name}-peak)`
    return {name: ZONES[name].label, percent, zone: percent === null ? null : zoneOf(percent, ZONES[name]), detail}
  }
  return [
    toldPeak('cpu'),
    toldPeak('memory'),
    {
      name: ZONES.connections.label,
      percent: connections?.percent ?? null,
      zone: connections ? zoneOf(connections.percent, ZONES.connections) : null,
      detail: connections ? `${number(connections.peak)} of ${number(connections.usable)} usable` : 'no sample tells',
    },
  ]
}
