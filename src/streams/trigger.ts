import { hash64 } from '../domain/hash.ts'
import type { Report } from '../domain/report.ts'
import { MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import { canonicalJson } from '../text/canonical-json.ts'
import type { Expression } from '../timex/expression.ts'
import { type Criterion, compileCriterion } from './criterion.ts'
import { parseOrReport } from './trait-criterion.ts'
import { type CriterionConfig, TRIGGER_DEFAULTS, type TriggerConfig } from './trigger-config.ts'

/** A fire criterion: a condition, and how many events must meet it. */
export type FireCriterion = {
  readonly criterion: Criterion
  readonly number: number
  /**
   * hash of the condition without `number`; progress counted under it stays valid while the condition is
   * unchanged
   */
  readonly fingerprint: string
  /** the condition as the file has it, without `number` */
  readonly written: Omit<CriterionConfig, 'number'>
}

/** A distinguishing trait: its value counts, or the result of a time expression on its time. */
export type Distinguisher = { readonly trait: string; readonly expression: Expression | undefined }

/** A compiled entry of triggers.yaml. */
export type Trigger = {
  readonly name: string
  readonly distinguishedBy: readonly Distinguisher[]
  readonly matchCriteria: readonly Criterion[]
  readonly fireCriteria: readonly FireCriterion[]
  /** the fire criteria, of those that differ only in `number` one each */
  readonly counted: readonly FireCriterion[]
  readonly fireDelay: Micros
  readonly expiration: Expression
  readonly firePipeline: string | undefined
  readonly expirePipeline: string | undefined
  readonly debugLevel: number
}

/**
 * Compiles the triggers of a file, in their order. Reports all faults; a trigger whose expiration has an
 * error is left out.
 *
 * @example
 * const findings: UnplacedFinding[] = []
 * const triggers = compileTriggers(configs, (finding) => findings.push(finding))
 */
export function compileTriggers(configs: readonly TriggerConfig[], report: Report): Trigger[] {
  const names = new Set<string>()
  return configs.flatMap((config, index) => {
    if (names.has(config.name)) {
      report({
        severity: 'error',
        code: 'duplicate-trigger',
        path: [index, 'name'],
        message: `another trigger is already named ${JSON.stringify(config.name)}; each needs a name of its own`,
      })
    }
    names.add(config.name)
    return compileTrigger(config, index, report) ?? []
  })
}

function compileTrigger(config: TriggerConfig, index: number, report: Report): Trigger | undefined {
  const expiration = parseOrReport(config.expiration, [index, 'expiration'], report, [
    'first',
    'last',
    'timestamp',
  ])
  const distinguishedBy = (config.distinguished_by ?? []).map((entry, at) => {
    if (typeof entry === 'string') return { trait: entry, expression: undefined }
    const [trait, text] = Object.entries(entry)[0] as [string, string]
    return {
      trait,
      expression: parseOrReport(text, [index, 'distinguished_by', at, trait], report, ['timestamp']),
    }
  })
  const criteria = (list: 'match_criteria' | 'fire_criteria') =>
    config[list].map((criterion, at) => compileCriterion(criterion, [index, list, at], report))
  const matchCriteria = criteria('match_criteria')
  const fireCriteria = criteria('fire_criteria').map((criterion, at) => ({
    criterion,
    number: config.fire_criteria[at]?.number ?? TRIGGER_DEFAULTS.number,
    ...identityOf(config.fire_criteria[at] ?? {}),
  }))
  if (!expiration) return undefined
  return {
    name: config.name,
    distinguishedBy,
    matchCriteria,
    fireCriteria,
    counted: distinct(fireCriteria),
    fireDelay: Math.round((config.fire_delay ?? TRIGGER_DEFAULTS.fire_delay) * MICROS_PER_SECOND),
    expiration,
    firePipeline: config.fire_pipeline || undefined,
    expirePipeline: config.expire_pipeline || undefined,
    debugLevel: config.debug_level ?? TRIGGER_DEFAULTS.debug_level,
  }
}

function distinct(criteria: readonly FireCriterion[]): FireCriterion[] {
  return [...new Map(criteria.map((criterion) => [criterion.fingerprint, criterion])).values()]
}

function identityOf({
  number: _,
  ...written
}: CriterionConfig): Pick<FireCriterion, 'fingerprint' | 'written'> {
  return { fingerprint: hash64(canonicalJson(written)), written }
}
