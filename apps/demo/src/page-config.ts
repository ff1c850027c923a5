/** What the page must know of the server, as `/config.json` tells it. */
export interface PageConfig {
  /** On the host that the page itself came from. */
  readonly webSocket: { readonly port: number; readonly path: string }
  readonly mqtt: { readonly host: string; readonly port: number }
}
