-- Every kind of object that the shadow carries, with names that nobody should choose.
CREATE SCHEMA "od""d schema";
CREATE COLLATION "od""d schema".german (provider = icu, locale = 'de');
CREATE TYPE "od""d schema".mood AS ENUM ('sad', 'o''k', E'two\nlines');
CREATE DOMAIN mail AS text COLLATE "C" CHECK (VALUE <> '');
CREATE TYPE pair AS (a integer, b "od""d schema".mood);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE FUNCTION next_of(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n + 1';
CREATE FUNCTION tenant(n integer) RETURNS integer LANGUAGE plpgsql STABLE AS 'BEGIN RETURN n; END';

CREATE TABLE "od""d schema"."a;b ON ONLY c" (
  gone text,
  "co""l'umn" integer CONSTRAINT "k;ey" PRIMARY KEY,
  mood "od""d schema".mood NOT NULL,
  mail mail,
  title text COLLATE "od""d schema".german,
  pair pair,
  span span,
  at timestamptz NOT NULL,
  doc jsonb,
  is_open boolean NOT NULL,
  doubled integer GENERATED ALWAYS AS (40 * 2) STORED,
  CONSTRAINT "mood's" CHECK ("co""l'umn" > 0),
  EXCLUDE USING gist (span WITH &&)
);
ALTER TABLE "od""d schema"."a;b ON ONLY c" DROP COLUMN gone;
INSERT INTO "od""d schema"."a;b ON ONLY c" ("co""l'umn", mood, mail, title, pair, span, at, doc, is_open)
  SELECT i, (ARRAY['sad', 'o''k', E'two\nlines'])[i % 3 + 1]::"od""d schema".mood, 'M' || i || '@example.org',
    CASE WHEN i % 10 = 0 THEN 'Ärger, "quoted" \ {braces}' ELSE 'title ' || i % 500 END, ROW(i, 'sad'::"od""d schema".mood)::pair,
    span(i, i + 0.5), timestamptz '2026-01-01' + i * interval '1 min', jsonb_build_object('k', i % 100), i % 50 = 0
  FROM generate_series(1, 30000) i;
CREATE INDEX "in""dex ON ONLY" ON "od""d schema"."a;b ON ONLY c" (at DESC) INCLUDE (mood);
CREATE INDEX "lower" ON "od""d schema"."a;b ON ONLY c" (lower(mail), next_of("co""l'umn"));
CREATE INDEX "partial" ON "od""d schema"."a;b ON ONLY c" (title) WHERE is_open;
CREATE INDEX "pattern" ON "od""d schema"."a;b ON ONLY c" (mail text_pattern_ops) WITH (fillfactor = 70);
CREATE INDEX "documents" ON "od""d schema"."a;b ON ONLY c" USING gin (doc jsonb_path_ops);
CREATE INDEX "ranges" ON "od""d schema"."a;b ON ONLY c" USING brin (at);
CREATE INDEX "not valid" ON "od""d schema"."a;b ON ONLY c" (doubled);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"od""d schema"."not valid"'::regclass;
CREATE STATISTICS "od""d schema"."to gether" (dependencies, ndistinct) ON title, mood, is_open FROM "od""d schema"."a;b ON ONLY c";

CREATE TABLE event (id bigint NOT NULL, place integer NOT NULL, at timestamptz NOT NULL, thing integer,
  PRIMARY KEY (id, place, at)) PARTITION BY LIST (place);
CREATE TABLE event_home PARTITION OF event FOR VALUES IN (1, 2) PARTITION BY RANGE (at);
CREATE TABLE event_home_old PARTITION OF event_home FOR VALUES FROM (MINVALUE) TO ('2026-06-01');
CREATE TABLE event_home_new (thing integer, at timestamptz NOT NULL, id bigint NOT NULL, place integer NOT NULL);
ALTER TABLE event_home ATTACH PARTITION event_home_new FOR VALUES FROM ('2026-06-01') TO (MAXVALUE);
CREATE TABLE event_else PARTITION OF event DEFAULT;
CREATE INDEX event_thing ON event (thing);
ALTER TABLE event ADD FOREIGN KEY (thing) REFERENCES "od""d schema"."a;b ON ONLY c";
INSERT INTO event SELECT i, i % 4, timestamptz '2026-01-01' + i * interval '10 min', i % 3000 + 1
  FROM generate_series(1, 50000) i;

CREATE TABLE animal (id integer PRIMARY KEY, name text NOT NULL CONSTRAINT named CHECK (name <> ''));
CREATE TABLE dog (bark integer) INHERITS (animal);
INSERT INTO animal SELECT i, 'a' || i FROM generate_series(1, 5000) i;
INSERT INTO dog SELECT i, 'd' || i, i FROM generate_series(1, 20000) i;

CREATE VIEW busy WITH (security_barrier) AS SELECT thing, count(*) AS "how many" FROM event GROUP BY thing;
CREATE VIEW busier AS SELECT b.*, t.mood FROM busy b JOIN "od""d schema"."a;b ON ONLY c" t ON t."co""l'umn" = b.thing;
CREATE MATERIALIZED VIEW summary AS SELECT place, date_trunc('day', at) AS day, count(*) AS n FROM event GROUP BY 1, 2;
CREATE UNIQUE INDEX ON summary (place, day);

-- Stands for the type of an extension that is not here: nobody can create it from SQL alone.
CREATE TYPE shape;
CREATE FUNCTION shape_in(cstring) RETURNS shape LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION shape_out(shape) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE shape (INPUT = shape_in, OUTPUT = shape_out, LIKE = text);
CREATE TABLE map (id integer PRIMARY KEY, outline shape);
CREATE VIEW outlines AS SELECT outline FROM map;
CREATE TABLE drawn (id integer, outline shape) PARTITION BY LIST (id);
CREATE TABLE drawn_1 PARTITION OF drawn FOR VALUES IN (1);

CREATE ROLE reader LOGIN;
GRANT USAGE ON SCHEMA "od""d schema" TO reader;
GRANT SELECT ON animal, dog TO reader;
