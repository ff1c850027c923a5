import type { Statement } from '../db/database.ts'
import type { Literal } from './condition.ts'

/** The text of one statement as it grows, with its parameters. Values go in through `bind` and nowhere else. */
export class SqlText {
  readonly #params: (string | null)[] = []

  /** A parameter for this value, cast to its type. The text of the statement does not depend on the value. */
  bind(literal: Literal): string {
    return this.bindText(literal.text, literal.cast)
  }

  /** The same for text, or NULL, and a type. */
  bindText(text: string | null, cast: string): string {
    this.#params.push(text)
    const parameter = `$${this.#params.length}::text`
    return cast === 'text' ? parameter : `${parameter}::${cast}`
  }

  /**
   * A whole number that the server has checked, in the text itself: how many rows are wanted decides the plan, and with
   * a parameter Postgres would make a plan anew each time. Throws for anything else.
   */
  integer(value: number): string {
    if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${value} is no whole number from 0`)
    return String(value)
  }

  /** A parameter that takes its type from where it stands; for the server's own expressions. */
  bindUntyped(text: string): string {
    this.#params.push(text)
    return `$${this.#params.length}`
  }

  /** The finished statement. */
  statement(text: string): Statement {
    return { text, params: this.#params }
  }
}
