type Pem = string | Uint8Array

/** Certificates for `mqtts://` and `wss://`, in PEM. For Node: a browser uses its own. */
export interface TlsOptions {
  /** The authorities that the broker's certificate may come from, instead of the well-known ones. */
  readonly ca?: Pem | readonly Pem[] | undefined
  /** What this client shows of itself, and its key. */
  readonly cert?: Pem | undefined
  readonly key?: Pem | undefined
  /** False takes any certificate: whoever is between can then read and change everything. True unless said. */
  readonly rejectUnauthorized?: boolean | undefined
}
