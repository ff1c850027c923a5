/** Stands where a name is that is none, so that the compiler's error tells it. No value has this type. */
export interface NoSuch<Name> {
  readonly '~no such name': Name
}
