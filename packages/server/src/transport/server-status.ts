/** The retained payload of a server's status topic while it is there. */
export const SERVER_ONLINE = '{"status":"online"}'

/** The same once it is gone: the last will of a server at an external broker. */
export const SERVER_OFFLINE = '{"status":"offline"}'
