import {inspect} from 'node:util'

/** A text that JSON.stringify, template strings and inspect never show. */
export type Secret = {reveal(): string}

const HIDDEN = '<hidden>'

export function secret(text: string): Secret {
  const hidden = () => HIDDEN
  return Object.freeze({reveal: () => text, toJSON: hidden, toString: hidden, [inspect.custom]: hidden})
}
