import type {Block} from '../report.js'

/** The command that asks the same question again: a rule's id, with the flags that belong to the question. */
export function verifyBlocks(question: string): Block[] {
  return [{text: 'Ask again', language: 'sh', lines: [`ahsp-db check --only ${question}`]}]
}
