import {DEFAULTS} from '../config.js'
import {EXIT, type ExitCode} from '../errors.js'
import type {HtmlOptions} from '../render/html/index.js'
import {render} from '../render/index.js'
import type {MachineOptions} from '../render/machine.js'
import type {Report} from '../report.js'
import type {Severity} from '../rule.js'
import {asUnknown, isForMonitor, type Sink, shapeOf, writeSinks} from './sinks.js'

export type Delivery = {
  report: Report
  /** the findings that count for the exit code and for a monitor: --fail-on-new leaves others out */
  counted?: Report
  page?: HtmlOptions
  /** the exit code by the usual rules */
  code: ExitCode
  failOn: {flag: Severity | undefined; config: Severity}
  full?: boolean
}

/**
 * The report in every place, and the exit code of the run: that of the monitor when Nagios is what is printed.
 * `failure`: the first place that could not be written; to be thrown when nothing else is left to do.
 */
export async function deliver(
  sinks: readonly Sink[],
  {report, counted = report, page, code, failOn, full}: Delivery,
): Promise<{code: number; failure: Error | null}> {
  const monitor: MachineOptions = {failOn: monitorFailOn(failOn), isIncomplete: code === EXIT.partial}
  const failure = await writeSinks(sinks, sink =>
    sink.format === 'nagios'
      ? render(counted, 'nagios', {...shapeOf(sink), ...monitor})
      : render(report, sink.format, {...shapeOf(sink), full, page, failOn: failOn.flag ?? failOn.config}),
  )
  if (!isForMonitor(sinks)) return {code, failure}
  const {NAGIOS_CODES, nagiosState} = await import('../render/nagios.js')
  const state = nagiosState([{report: counted, snapshot: null}], monitor)
  return {code: NAGIOS_CODES[state], failure: failure && asUnknown(failure)}
}

/** Exit codes know two states, a monitor four: its yellow is lower than the default of --fail-on. */
const monitorFailOn = ({flag, config}: Delivery['failOn']): Severity | undefined =>
  flag ?? (config === DEFAULTS.failOn ? undefined : config)
