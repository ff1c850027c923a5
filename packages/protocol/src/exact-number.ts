/**
 * A JSON number that a JavaScript number would round, with all its digits. `encodeJson` writes it as it was read; to
 * everybody else it is the rounded number.
 */
export class ExactNumber {
  /** The number as JSON has it. */
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }

  valueOf(): number {
    return Number(this.text)
  }

  toJSON(): number {
    return Number(this.text)
  }
}

/** Would this number, as JSON has it, come back as another one? With up to 15 digits and no exponent it never does. */
export function isRounded(text: string): boolean {
  return (text.length > 15 || /e/i.test(text)) && canonical(text) !== canonical(String(Number(text)))
}

/** The digits of a number without zeros around them, and how far its point is from their beginning. */
function canonical(text: string): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().replace('-', '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const leading = whole.length + fraction.length - digits.length
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '' : `${kept}e${whole.length - leading + Number(power)}`
}
