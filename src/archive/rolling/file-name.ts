import {
  civilFromInstant,
  instantFromMicros,
  MICROS_PER_DAY,
  MICROS_PER_SECOND,
  type Micros,
  parseIso,
} from '../../domain/time.ts'

/** The part of a file name that becomes the checksum of the file. */
export const CRC_PART = '[[CRC]]'

/**
 * Fills the strftime parts (%Y %m %d %H %M %S %X %f %j %%) and `[[TIMESTAMP]]` of a file name with a time, in
 * UTC. `[[CRC]]` stays until the file is complete; unknown parts stay as they are.
 */
export function formatFileName(template: string, time: Micros): string {
  const civil = civilFromInstant(instantFromMicros(time))
  const pad = (value: number, width: number) => String(value).padStart(width, '0')
  const parts: { readonly [part: string]: string } = {
    '%Y': pad(civil.year, 4),
    '%m': pad(civil.month, 2),
    '%d': pad(civil.day, 2),
    '%H': pad(civil.hour, 2),
    '%M': pad(civil.minute, 2),
    '%S': pad(civil.second, 2),
    '%f': pad(civil.micro, 6),
    '%j': pad(dayOfYear(time, civil.year), 3),
    '%X': `${pad(civil.hour, 2)}:${pad(civil.minute, 2)}:${pad(civil.second, 2)}`,
    '%%': '%',
    '[[TIMESTAMP]]': (time / MICROS_PER_SECOND).toFixed(6),
  }
  return template.replace(/%[A-Za-z%]|\[\[TIMESTAMP\]\]/g, (part) => parts[part] ?? part)
}

/** Returns the day of the year, from 1 for the first of January. */
function dayOfYear(time: Micros, year: number): number {
  const first = parseIso(`${String(year).padStart(4, '0')}-01-01`) ?? time
  return Math.floor((time - first) / MICROS_PER_DAY) + 1
}
