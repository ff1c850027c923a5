import { describe, it } from 'vitest'

/**
 * Tests that need a program which may not be installed. Without it they are skipped under a name that says so, or,
 * where `REQUIRE_SERVICES=1` promises that every service is there, they fail.
 *
 *     describeWith('PostgreSQL', await findPostgres(), (postgres) => { it(…) })
 */
export function describeWith<T>(service: string, found: T | undefined, body: (service: T) => void): void {
  if (found !== undefined) describe(`with ${service}`, () => body(found))
  else if (process.env.REQUIRE_SERVICES === '1') describe(`with ${service}`, () => it('is installed', missing(service)))
  else describe.skip(`with ${service}, which is not installed`, () => it('was not tested', () => undefined))
}

function missing(service: string): () => never {
  return () => {
    throw new Error(`${service} is not installed, and REQUIRE_SERVICES=1 says that it must be.`)
  }
}
