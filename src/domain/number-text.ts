/** Matches the text of a whole number in the syntax of Python's int(). */
export const INTEGER_TEXT = /^[+-]?\d+$/

/** Matches the text of a finite number in the syntax of Python's float(). */
export const FLOAT_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
