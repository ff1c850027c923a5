/** A port to listen on, and whether it was asked for by name, so that another will not do. */
export interface WantedPort {
  readonly name: string
  readonly port: number
  readonly fixed: boolean
}

/** What the environment says about this run. */
export interface Settings {
  readonly mqtt: WantedPort
  readonly webSocket: WantedPort
  readonly page: WantedPort
  /** `postgres://…`, `pglite:./folder`, or undefined: PGlite in memory. */
  readonly database: string | undefined
}

/** Reads MQTT_PORT, WS_PORT, PORT and DATABASE_URL; throws an Error that names the variable that makes no sense. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    mqtt: wantedPort(env, 'MQTT_PORT', 1883),
    webSocket: wantedPort(env, 'WS_PORT', 1884),
    page: wantedPort(env, 'PORT', 8080),
    database: env.DATABASE_URL || undefined,
  }
}

function wantedPort(env: Readonly<Record<string, string | undefined>>, name: string, fallback: number): WantedPort {
  const text = env[name]?.trim()
  if (!text) return { name, port: fallback, fixed: false }
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`${name} is "${text}": it takes a port from 0 to 65535.`)
  return { name, port, fixed: true }
}
