import { type RawBuilder, sql } from 'kysely'
import { isValueCondition, type TraitCondition } from '../../domain/trait-condition.ts'

/**
 * Returns SQL for whether a JSON column of traits may meet a condition: it has a trait of this name, whose text begins
 * as the condition asks. The caller looks at the value itself.
 */
export function mayMeet(column: string, condition: TraitCondition): RawBuilder<boolean> {
  const prefix = isValueCondition(condition) ? undefined : condition.textPrefix
  const text = prefix === undefined ? '' : JSON.stringify(prefix).slice(0, -1)
  return sql<boolean>`instr(${sql.ref(column)}, ${`${JSON.stringify(condition.name)}:${text}`}) > 0`
}
