export type { Server } from './create-server.ts'
export { defineSpec, Spec, type SpecOptions, type TypedEntityOptions } from './define-spec.ts'
export type { ListenOptions } from './listen-options.ts'
export type { Logger } from './logger.ts'
