/** A name as SQL writes it. Only for names from the schema: a client's text never comes here. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
