/** How a whole number is written, as Python's int() reads it. */
export const INTEGER_TEXT = /^[+-]?\d+$/

/** How a finite number is written, as Python's float() reads it. */
export const FLOAT_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
