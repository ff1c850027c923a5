import { readFile } from 'node:fs/promises'

const sql = await readFile(new URL('./fixture.sql', import.meta.url), 'utf8')

/** The tables of the cases. */
export const CREATE_TABLES = sql.slice(0, sql.indexOf('INSERT INTO users'))

/** Puts the rows back to what every case begins with. */
export const RESET_ROWS = `truncate users, posts, locked, secrets restart identity cascade;\n${sql.slice(CREATE_TABLES.length)}`
