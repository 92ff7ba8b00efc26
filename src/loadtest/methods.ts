import type {Limits} from './limits.js'
import type {Model} from './model.js'
import type {Usl} from './usl.js'

/** How a number came about, and who said so first. */
export type Method = {name: string; source: string}

const RESPONSE_TIME = {
  name: 'interactive response time law, N = X (R + Z)',
  source: 'Lazowska et al., Quantitative System Performance, 1984, chapter 3',
}
const LITTLE = {name: "Little's law: busy = X x hold time", source: 'Little, Operations Research 9, 1961'}
const CLOSED = {
  name: 'closed multi-server queue, M/M/c//N (machine repair)',
  source: 'Kleinrock, Queueing Systems I, 1975, section 3.8',
}
const PROCESSORS = {
  name: 'flow-equivalent server for the processors',
  source: 'Chandy, Herzog, Woo, IBM Journal of Research and Development 19, 1975',
}
const ERLANG = {name: 'Erlang C', source: 'Erlang, 1917; Kleinrock, Queueing Systems I, 1975, section 3.5'}
const LINEAR = {name: 'linear in the users (assumed)', source: 'one step only'}
const LAW = {
  name: 'Universal Scalability Law',
  source: 'Gunther, Guerrilla Capacity Planning, 2007, chapter 4',
}

/** The methods behind a prediction. */
export function methodsOf(model: Model, limits: Limits, usl: Usl | null): Method[] {
  const hasCores = limits.cores !== null && model.cpuSeconds > 0
  return [
    ...(model.isAssumed ? [LINEAR] : []),
    LITTLE,
    ...(model.isOpen ? [ERLANG] : [RESPONSE_TIME, ...(limits.pool !== null ? [CLOSED] : [])]),
    ...(hasCores && !model.isOpen ? [PROCESSORS] : []),
    ...(usl ? [LAW] : []),
  ]
}
