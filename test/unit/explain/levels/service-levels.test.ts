import { expect, test } from 'vitest'
import { attemptsOf, stepOf } from '../../../../src/explain/levels/attempt.ts'
import { levelsCsv, levelsPrometheus } from '../../../../src/explain/levels/level-forms.ts'
import { type Level, serviceLevels } from '../../../../src/explain/levels/service-levels.ts'
import { at, event } from '../../../support/events.ts'

const text = (value: string) => ({ type: 'text', value }) as const

const step = (time: string, eventType: string, instance = 'i', request = 'r', host = 'h1') =>
  stepOf(
    event({
      eventType,
      timestamp: at(`2026-11-${time}`),
      host,
      traits: {
        ...{ instance_id: text(instance), request_id: text(request) },
        ...{ availability_zone: text('az1'), instance_flavor: text('m1.tiny') },
      },
    }),
  )!

const summary = (levels: readonly Level[]) =>
  levels.map(({ day, operation, value, attempts, done, failed, unfinished, p50_s }) => [
    ...[day, operation, value, attempts, done, failed, unfinished, p50_s],
  ])

test('starts are paired with the end of the same instance, operation and request', () => {
  const attempts = attemptsOf([
    step('19T08:00:10', 'compute.instance.create.start', 'a', 'r1'),
    step('19T08:00:00', 'compute.instance.create.start', 'a', 'r0'),
    step('19T08:00:30', 'compute.instance.create.end', 'a', 'r1'),
    step('19T08:00:40', 'build_and_run_instance', 'a', 'r0'),
    step('19T08:00:50', 'compute.instance.create.end', 'a', 'r9'),
    step('19T09:00:00', 'instance.delete.start', 'b'),
    step('19T09:00:02', 'instance.delete.end', 'c'),
  ])
  expect(attempts.map(({ operation, outcome, seconds }) => [operation, outcome, seconds])).toEqual([
    ['create', 'failed', 40],
    ['create', 'done', 20],
    ['delete', 'unfinished', undefined],
  ])
})

test('a build that is tried again on another host is a failed attempt and a new one', () => {
  const attempts = attemptsOf([
    step('19T08:00:00', 'compute.instance.create.start', 'a', 'r', 'h1'),
    step('19T08:00:05', 'compute.instance.create.error', 'a', 'r', 'h1'),
    step('19T08:00:06', 'compute.instance.create.start', 'a', 'r', 'h2'),
    step('19T08:00:16', 'compute.instance.create.end', 'a', 'r', 'h2'),
  ])
  expect(summary(serviceLevels(attempts, 'host')).filter(([day]) => day === null)).toEqual([
    [null, 'create', 'h1', 1, 0, 1, 0, null],
    [null, 'create', 'h2', 1, 1, 0, 0, 10],
  ])
})

test('levels are by day and over all days, with percentiles by the nearest rank', () => {
  const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100]
  const attempts = attemptsOf(
    seconds.flatMap((took, index) => [
      step(`${index < 5 ? 19 : 20}T08:00:00`, 'compute.instance.snapshot.start', `i${index}`),
      step(
        `${index < 5 ? 19 : 20}T08:${String(Math.floor(took / 60)).padStart(2, '0')}:${String(took % 60).padStart(2, '0')}`,
        'compute.instance.snapshot.end',
        `i${index}`,
      ),
    ]),
  )
  const levels = serviceLevels(attempts, undefined)
  expect(summary(levels)).toEqual([
    [null, 'snapshot', null, 10, 10, 0, 0, 5],
    ['2026-11-19', 'snapshot', null, 5, 5, 0, 0, 3],
    ['2026-11-20', 'snapshot', null, 5, 5, 0, 0, 8],
  ])
  expect(levels[0]).toMatchObject({ p90_s: 9, p99_s: 100, max_s: 100, mean_s: 14.5 })
  expect(levels[0]?.histogram).toEqual([1, 1, 3, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0])
})

test('the CSV and the text for Prometheus say the same, and nothing of them runs or breaks out', () => {
  const hostile = '=cmd|"\n'
  const attempts = attemptsOf([
    step('19T08:00:00', 'compute.instance.rebuild.start', 'a', 'r', hostile),
    step('19T08:00:03', 'compute.instance.rebuild.end', 'a', 'r', hostile),
  ])
  const levels = serviceLevels(attempts, 'host')
  const [head, ...lines] = levelsCsv(levels, 'host').split('\n')
  expect(head).toBe(
    'day,operation,host,attempts,done,failed,unfinished,mean_s,p50_s,p90_s,p99_s,max_s,le_1_s,le_2_s,le_5_s,le_10_s,le_20_s,le_30_s,le_60_s,le_120_s,le_300_s,le_600_s,le_1800_s,le_3600_s,longer',
  )
  expect(lines[0]).toBe(`all,rebuild,"'=cmd|""`)
  const metrics = levelsPrometheus(levels, 'host')
  expect(metrics).toContain('operation="rebuild",host="=cmd|\\"\\n",outcome="done"} 1')
  expect(metrics).toContain('quantile="0.5"} 3')
  expect(metrics).toContain('le="2"} 0')
  expect(metrics).toContain('le="5"} 1')
  expect(metrics).toContain('le="+Inf"} 1')
})
