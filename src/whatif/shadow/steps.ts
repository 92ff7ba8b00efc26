import type {Connection} from '../../connect/postgres.js'
import {quoteLiteral} from '../../sql/quote.js'

/** One object to create: `sql` are the ways to do it, the faithful one first. */
export type Step = {
  /** for people: `table "a"."b"` */
  label: string
  sql: string[]
  /** `sql` is a query whose answer must be true */
  isQuery?: boolean
}

export type Failure<S extends Step = Step> = {step: S; reason: string}

export type Outcome<S extends Step = Step> = {
  failed: Failure<S>[]
  /** which had to be created in another than the first way, with what was wrong with that */
  degraded: Failure<S>[]
}

const BATCH = 500
export const STATEMENT_MS = 600_000

export const RUNNER_SCHEMA = 'ahsp_db_shadow'

/** Runs each statement in a subtransaction of its own and returns the errors of those that failed. */
export const RUNNER = `CREATE FUNCTION ${RUNNER_SCHEMA}.run(steps json) RETURNS TABLE (step int, error text)
LANGUAGE plpgsql AS $$
DECLARE
  item json;
  is_true boolean;
BEGIN
  step := -1;
  FOR item IN SELECT value FROM pg_catalog.json_array_elements(steps) LOOP
    step := step + 1;
    BEGIN
      IF (item ->> 'isQuery')::boolean THEN
        EXECUTE item ->> 'sql' INTO is_true;
        IF is_true IS NOT TRUE THEN
          RAISE EXCEPTION 'the server did not take all of it';
        END IF;
      ELSE
        EXECUTE item ->> 'sql';
      END IF;
    EXCEPTION WHEN OTHERS THEN
      error := SQLERRM;
      RETURN NEXT;
    END;
  END LOOP;
END $$`

/**
 * Creates what can be created, in as many rounds as it takes: what fails for want of another object succeeds after it.
 * Only when a round brings nothing are the second ways tried.
 */
export async function createAll<S extends Step>(connection: Connection, steps: S[]): Promise<Outcome<S>> {
  let pending: {step: S; way: number; reason: string; first: string}[] = steps.map(step => ({
    step,
    way: 0,
    reason: '',
    first: '',
  }))
  const outcome: Outcome<S> = {failed: [], degraded: []}
  while (pending.length > 0) {
    const errors = await tryOnce(connection, pending)
    const isStuck = errors.size === pending.length
    const failed = pending.flatMap((item, i) => (errors.has(i) ? [{...item, reason: errors.get(i)!}] : []))
    const done = pending.filter((item, i) => !errors.has(i) && item.way > 0)
    outcome.degraded.push(...done.map(({step, first}) => ({step, reason: first})))
    if (!isStuck) {
      pending = failed
      continue
    }
    const hasOther = (item: (typeof failed)[number]) => item.way + 1 < item.step.sql.length
    if (!failed.some(hasOther)) {
      outcome.failed.push(...failed.map(({step, reason, first}) => ({step, reason: first || reason})))
      break
    }
    pending = failed.map(item =>
      hasOther(item) ? {...item, way: item.way + 1, first: item.first || item.reason} : item,
    )
  }
  return outcome
}

async function tryOnce(
  connection: Connection,
  items: readonly {step: Step; way: number}[],
): Promise<Map<number, string>> {
  const errors = new Map<number, string>()
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items
      .slice(start, start + BATCH)
      .map(({step, way}) => ({sql: step.sql[way], isQuery: step.isQuery ?? false}))
    const sql = `SELECT * FROM ${RUNNER_SCHEMA}.run(${quoteLiteral(JSON.stringify(batch))})`
    const [rows] = await connection.run(sql, {deadlineMs: STATEMENT_MS})
    for (const {step, error} of rows!) errors.set(start + (step as number), error as string)
  }
  return errors
}
