/** A server in this very process, as its `inProcess(auth)` gives it: what `connect` takes in place of a URL. */
export interface InProcess {
  readonly topicPrefix: string
  /** A new stream of MQTT to it: a Duplex of Node. */
  open(): object
}
