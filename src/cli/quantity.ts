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
