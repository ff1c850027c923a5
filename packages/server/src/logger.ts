/** Where the server writes what an operator should know. pino fits; so does anything with these three calls. */
export interface Logger {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}
