/** Makes whole cents of a price such as `19.90 EUR`; of a price in another currency there is no trait. */
export class Cents {
  /** Names of the parameters: `stv3 check` warns of others. */
  static parameters = ['currency']

  constructor({ currency = 'EUR' } = {}) {
    this.currency = currency
  }

  traitValue(matches) {
    const [[, price] = []] = matches
    const [, units, cents = '00', currency] = /^(\d+)(?:\.(\d\d))? ([A-Z]{3})$/.exec(price ?? '') ?? []
    if (units === undefined || currency !== this.currency) return null
    return Number(units) * 100 + Number(cents)
  }
}
