CREATE TABLE "gadgets" ("id" serial PRIMARY KEY NOT NULL, "name" text NOT NULL);
--> statement-breakpoint
INSERT INTO "gadgets" ("name") VALUES ('from a migration');
