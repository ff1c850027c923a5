import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import * as z from 'zod'

/** Hot rows: each write leaves the id of who asked for it in `op`, and the database counts `ver`. */
const items = pgTable('items', {
  id: text().primaryKey(),
  tenant: text().notNull(),
  grp: integer().notNull(),
  status: text().notNull(),
  op: text().notNull(),
  inc: integer(),
  ver: integer(),
})

/** A token is a tenant. */
export const api = defineSpec({
  schema: { items },
  auth: z.object({ sub: z.string(), tenant: z.string() }),
  authenticate: ({ token, clientId }) => ({ sub: clientId, tenant: token }),
}).entity('items', { scope: ({ tenant }) => ({ tenant }), stamp: { tenant: ({ tenant }) => tenant } })

/** The table; the checker's own log of all that happens to it; and commits that come out of order. */
export const TABLES = `
  create table items (id text primary key, tenant text not null, grp integer not null, status text not null, op text not null,
    inc integer, ver integer);
  create table audit (seq bigserial primary key, kind text not null, old json, new json);
  create sequence incarnation;
  create function count_versions() returns trigger language plpgsql as $$ begin
    if tg_op = 'INSERT' then new.inc = nextval('incarnation'); new.ver = 1;
    else new.inc = old.inc; new.ver = old.ver + 1; end if;
    return new; end $$;
  create trigger count_versions before insert or update on items for each row execute function count_versions();
  create function note() returns trigger language plpgsql as $$ begin
    insert into audit (kind, old, new) values (tg_op, case when tg_op <> 'INSERT' then row_to_json(old) end,
      case when tg_op <> 'DELETE' then row_to_json(new) end);
    return null; end $$;
  create trigger note after insert or update or delete on items for each row execute function note();
  create function dawdle() returns trigger language plpgsql as $$ begin
    if random() < 0.3 then perform pg_sleep(random() * 0.03); end if;
    return null; end $$;
  create constraint trigger dawdle after insert or update or delete on items deferrable initially deferred
    for each row execute function dawdle();`
