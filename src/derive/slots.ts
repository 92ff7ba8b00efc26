import type {FixRequest} from '../rule.js'
import type {ReplicationSlot} from '../snapshot.js'
import {quoteIdent, quoteLiteral} from '../sql/quote.js'

export const slotName = ({name}: ReplicationSlot): string => `slot ${quoteIdent(name)}`

/** Removes it; a consumer that comes back has to be built again. */
export function dropSlot(slot: ReplicationSlot): FixRequest {
  const name = quoteLiteral(slot.name)
  const create =
    slot.slotType === 'physical'
      ? [`SELECT pg_create_physical_replication_slot(${name}, true)`]
      : [`SELECT pg_create_logical_replication_slot(${name}, ${quoteLiteral(slot.plugin ?? 'pgoutput')})`]
  return {
    kind: 'sql',
    title: 'Drop the slot, when its consumer is gone for good',
    statements: [`SELECT pg_drop_replication_slot(${name})`],
    undo: create,
    lock: 'none',
    note:
      'Ask who made it first. A standby or subscriber that still needs it has to be built again afterwards: ' +
      'a new slot begins at the present position.',
  }
}
