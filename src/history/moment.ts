import {parseQuantity} from '../config/quantity.js'

/** Which earlier run: the one before, the one so many seconds ago, or what a file or an id names. */
export type Moment = {kind: 'last'} | {kind: 'ago'; seconds: number} | {kind: 'named'; name: string}

/** `last`, `7d`, `12h`, `2w`; all else is a name (`./7d` for a file that is called so). */
export function momentOf(text: string): Moment {
  if (text === 'last') return {kind: 'last'}
  const [, weeks] = /^(\d+)w$/.exec(text) ?? []
  if (weeks !== undefined) return {kind: 'ago', seconds: Number(weeks) * 7 * 86_400}
  const isAge = /^\d+(\.\d+)?(s|min|h|d)$/.test(text)
  const seconds = isAge ? parseQuantity(text, 'seconds') : undefined
  return seconds === undefined ? {kind: 'named', name: text} : {kind: 'ago', seconds}
}
