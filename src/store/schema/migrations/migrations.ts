import type { ColumnTypes } from '../column-types.ts'
import { createTables } from './001-create-tables.ts'
import { makeIndexesLocal } from './002-local-indexes.ts'
import { addQueuePositions } from './003-queue-positions.ts'
import { addReplays } from './004-replays.ts'
import { createActionsAndChanges } from './005-actions-and-changes.ts'
import { createSamples } from './006-samples.ts'

/** One migration: its name and its statements in order. */
export type MigrationStep = {
  readonly name: string
  readonly statements: (types: ColumnTypes) => string[]
}

/** All migrations in the order in which they are applied; a released one never changes. */
export const MIGRATIONS: readonly MigrationStep[] = [
  { name: '001-create-tables', statements: createTables },
  { name: '002-local-indexes', statements: makeIndexesLocal },
  { name: '003-queue-positions', statements: addQueuePositions },
  { name: '004-replays', statements: addReplays },
  { name: '005-actions-and-changes', statements: createActionsAndChanges },
  { name: '006-samples', statements: createSamples },
]

/** Returns all statements that `upgrade` would run on an empty database, as SQL text. */
export function migrationSql(types: ColumnTypes): string {
  return MIGRATIONS.map(({ name, statements }) => `-- ${name}\n${statements(types).join(';\n')};\n`).join(
    '\n',
  )
}
