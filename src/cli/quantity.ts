import {parseQuantity} from '../config/quantity.js'
import {usageError} from '../errors.js'

/** `30s`, `5min` -> milliseconds; a bare number counts seconds. */
export function duration(flag: string, text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1000 : parseQuantity(text, 'milliseconds')
  if (ms === undefined || ms <= 0)
    throw usageError(`${flag} is ${JSON.stringify(text)}`, 'give a duration such as 30s or 5min')
  return ms
}

/** `16GB` -> bytes. */
export function size(flag: string, text: string): number {
  const bytes = parseQuantity(text, 'bytes')
  if (bytes === undefined || bytes <= 0)
    throw usageError(`${flag} is ${JSON.stringify(text)}`, 'give a size such as 16GB')
  return bytes
}

/** `10,30,50` -> numbers of users, in the order given. */
export function ladder(flag: string, text: string): number[] {
  const steps = text.split(',').map(step => Number(step.trim() || Number.NaN))
  if (steps.every(step => Number.isInteger(step) && step > 0)) return steps
  throw usageError(`${flag} is ${JSON.stringify(text)}`, 'give whole numbers above 0, e.g. 10,30,50,100,200')
}
