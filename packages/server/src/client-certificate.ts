/** What a client's TLS certificate says, which an authority that the server trusts has signed. */
export interface ClientCertificate {
  /** Whose it is: `CN`, `O`, `OU` and so on. One that occurs several times is a list. */
  readonly subject: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly issuer: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Its SHA-256, as hexadecimal bytes with colons between. */
  readonly fingerprint256: string
  readonly serialNumber: string
  /** Its alternative names, such as `DNS:device-7, URI:urn:device:7`. */
  readonly subjectaltname: string | undefined
}
