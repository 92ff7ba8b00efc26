/** Exit codes of the tool; documented in the README and by `ahsp-db check --help`. */
export const EXIT = {
  ok: 0,
  findings: 1,
  usage: 2,
  connect: 3,
  partial: 4,
  internal: 5,
  output: 6,
  /** another run of the same target; as sysexits.h's EX_TEMPFAIL */
  busy: 75,
  deadline: 124,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** An error the user can act on. Printed as one line: `error[CODE]: what happened - what to do`. */
export class CliError extends Error {
  constructor(
    /** short upper-case name, e.g. CONNINFO, AUTH, CONFIG */
    readonly code: string,
    readonly exit: ExitCode,
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  get line(): string {
    return `error[${this.code}]: ${this.message} - ${this.hint}`
  }
}

export const usageError = (message: string, hint: string) => new CliError('USAGE', EXIT.usage, message, hint)
