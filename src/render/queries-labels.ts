import type {Label} from '../workload/types.js'

export type Group = {subjects: string[]; labels: Label[]}

/** `cacheable aggregate (queries/cacheable), unstable (queries/unstable): query 123`. */
export const labelText = ({labels, subjects}: Group) =>
  labels.map(({text, finding}) => (finding ? `${text} (${finding.rule})` : text)).join(', ') +
  (subjects.length > 0 ? `: ${subjects.join('; ')}` : '')

/** What is said of one thing stands together, and so do the things of which the same is said. */
export function bySubject(labels: readonly Label[]): Group[] {
  const bySubject = new Map<string, Group>()
  for (const label of labels) {
    const subject = label.finding?.subject
    const group = bySubject.get(subject ?? '') ?? {subjects: subject === undefined ? [] : [subject], labels: []}
    group.labels.push(label)
    bySubject.set(subject ?? '', group)
  }
  const byText = new Map<string, Group>()
  for (const group of bySubject.values()) {
    const key = labelText({...group, subjects: []})
    const known = byText.get(key)
    byText.set(key, known ? {...known, subjects: [...known.subjects, ...group.subjects]} : group)
  }
  return [...byText.values()]
}
