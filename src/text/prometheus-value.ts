/** Returns the value of a label as the format of Prometheus has it, with its quotes. */
export function prometheusValue(value: string): string {
  return `"${value.replace(/["\\\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))}"`
}
