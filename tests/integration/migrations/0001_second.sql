ALTER TABLE "gadgets" ADD COLUMN "size" integer DEFAULT 7 NOT NULL;
