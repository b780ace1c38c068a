-- A database of schema 6, as its program made it: what was opened is JSON in text columns.
-- Broker host and port, as agent.toml names them.
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE lists(
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, lease_s INTEGER NOT NULL,
  possible_from INTEGER NOT NULL, hit_from INTEGER NOT NULL,
  key_number INTEGER NOT NULL,            -- new segments are sealed under this key
  created_at INTEGER NOT NULL) WITHOUT ROWID;

-- The whole of a list as last imported, one segment, not yet published.
CREATE TABLE pending(
  list TEXT PRIMARY KEY REFERENCES lists(name), digest BLOB NOT NULL, bytes INTEGER NOT NULL,
  entries INTEGER NOT NULL, key_number INTEGER NOT NULL, imported_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE editions(
  list TEXT NOT NULL REFERENCES lists(name), edition INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  manifest BLOB NOT NULL, PRIMARY KEY(list, edition)) WITHOUT ROWID;

CREATE TABLE heartbeats(one INTEGER PRIMARY KEY CHECK(one = 1), issued_at INTEGER NOT NULL, bytes BLOB NOT NULL);

CREATE TABLE devices(
  id TEXT PRIMARY KEY, post TEXT NOT NULL,
  -- as its last status said
  last_seen INTEGER, online INTEGER, version TEXT, spool INTEGER, held TEXT) WITHOUT ROWID;

-- One row a certificate; a device enrolled anew after a revocation has several.
CREATE TABLE enrolments(
  serial BLOB PRIMARY KEY, device TEXT NOT NULL REFERENCES devices(id), box_public BLOB NOT NULL,
  enrolled_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID;
CREATE UNIQUE INDEX enrolled ON enrolments(device) WHERE revoked_at IS NULL;

CREATE TABLE grants(
  device TEXT NOT NULL REFERENCES devices(id), list TEXT NOT NULL REFERENCES lists(name),
  numbers TEXT NOT NULL,                  -- of the keys in it, such as 1,3
  bytes BLOB NOT NULL, PRIMARY KEY(device, list)) WITHOUT ROWID;

CREATE TABLE orders(
  device TEXT NOT NULL REFERENCES devices(id), number INTEGER NOT NULL, issued_at INTEGER NOT NULL,
  retired INTEGER NOT NULL DEFAULT 0,     -- no longer on the broker
  bytes BLOB NOT NULL, PRIMARY KEY(device, number)) WITHOUT ROWID;

CREATE TABLE encounters(
  id BLOB PRIMARY KEY, device TEXT NOT NULL, list TEXT NOT NULL, received_at INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  message BLOB NOT NULL,                  -- as it came, sealed
  encounter TEXT NOT NULL,                -- opened, JSON
  device_revoked INTEGER NOT NULL,        -- made with a key that was revoked when it came
  conflicts INTEGER NOT NULL DEFAULT 0    -- messages of the same id with other content
) WITHOUT ROWID;
CREATE INDEX encounters_by_arrival ON encounters(received_at);

CREATE TABLE officers(
  badge TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, discreet INTEGER NOT NULL, language TEXT NOT NULL,
  pin BLOB,                               -- postcard of its hash; none for a badge removed
  removed_at INTEGER) WITHOUT ROWID;

CREATE TABLE rosters(
  one INTEGER PRIMARY KEY CHECK(one = 1), number INTEGER NOT NULL, expires_at INTEGER NOT NULL, bytes BLOB NOT NULL);

ALTER TABLE lists ADD COLUMN handling TEXT;

-- What came of encounters, as their devices say; an outcome may come before its encounter.
CREATE TABLE outcomes(
  id BLOB PRIMARY KEY, encounter BLOB NOT NULL, device TEXT NOT NULL, received_at INTEGER NOT NULL,
  digest BLOB NOT NULL,                   -- first 16 bytes of the SHA-256 of message
  message BLOB NOT NULL,                  -- as it came, sealed
  outcome TEXT NOT NULL) WITHOUT ROWID;   -- opened, JSON
CREATE INDEX outcomes_by_encounter ON outcomes(encounter);

ALTER TABLE lists ADD COLUMN confirm_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE encounters ADD COLUMN overdue_since INTEGER;   -- its device first said that the owner's answer is overdue

-- Owners' answers to encounters; of several the last stays.
CREATE TABLE answers(
  encounter BLOB PRIMARY KEY REFERENCES encounters(id), device TEXT NOT NULL, at INTEGER NOT NULL, word TEXT NOT NULL,
  text TEXT NOT NULL,
  bytes BLOB NOT NULL) WITHOUT ROWID;     -- as it was signed
;

-- Certificates of devices that a renewal replaced: they count until they end or their device is revoked.
CREATE TABLE superseded(
  serial BLOB PRIMARY KEY, device TEXT NOT NULL REFERENCES devices(id), expires_at INTEGER NOT NULL,
  revoked_at INTEGER) WITHOUT ROWID;

INSERT INTO settings VALUES ('broker_host', 'mqtt.example'), ('broker_hosts', 'localhost 127.0.0.1 mqtt.example'), ('broker_port', '8883');
INSERT INTO lists VALUES ('interpol/sltd', 'documents', 'Interpol', 172800, 770, 950, 2, 1789000000, 'H1', 600);
INSERT INTO pending VALUES ('interpol/sltd', zeroblob(32), 4096, 17, 2, 1789000001);
INSERT INTO heartbeats VALUES (1, 1789999000, x'0102');
INSERT INTO devices VALUES
  ('post-7', 'Pont d''Europe', 1789999900, 1, '0.1.0', 3, '[{"list":"interpol/sltd","edition":4,"confirmed_at":1789999000},{"list":"un/sanctions","edition":18446744073709551615,"confirmed_at":7}]'),
  ('post-8', 'Kehl', NULL, NULL, NULL, NULL, NULL);
INSERT INTO enrolments VALUES
  (x'01', 'post-7', zeroblob(32), 1789000000, 1796000000, NULL),
  (x'02', 'post-8', zeroblob(32), 1789000000, 1796000000, 1789000009);
INSERT INTO superseded VALUES (x'03', 'post-7', 1795000000, NULL);
INSERT INTO grants VALUES ('post-7', 'interpol/sltd', '1,2', x'0304');
INSERT INTO orders VALUES ('post-8', 1, 1789000009, 0, x'0506');
INSERT INTO officers VALUES ('b-1', 'Anna', 'officer', 0, 'fr', NULL, 1789000002);
INSERT INTO rosters VALUES (1, 2, 1799000000, x'0708');
INSERT INTO encounters VALUES
  (x'11111111111111111111111111111111', 'post-7', 'interpol/sltd', 1790000000, 9223372036854775807, zeroblob(16), x'aa',
   '{"id":"11111111111111111111111111111111","scan":"99999999999999999999999999999999","device":"post-7","post":"Pont d''Europe","made_at":18446744073709551615,"received_at":1790000000,"list":"interpol/sltd","edition":4,"alert":"UTO-P-L898902C3","verdict":"hit","score":1000,"document":{"code":"P","issuing_state":"UTO","number":"L898902C3","surname":"ERIKSSON","given_names":"ANNA MARIA","nationality":"UTO","birth_date":"740812","sex":"F","expiry_date":"<<0415"},"device_revoked":false,"conflicts":0}', 0, 2, NULL),
  (x'22222222222222222222222222222222', 'post-7', 'interpol/sltd', 1790000000, 1789999990, zeroblob(16), x'bb',
   '{"id":"22222222222222222222222222222222","scan":"99999999999999999999999999999999","device":"post-7","post":"Pont d''Europe","made_at":1789999990,"received_at":1790000000,"list":"interpol/sltd","edition":4,"alert":"u-1","verdict":"possible","score":812,"document":{"code":"P","issuing_state":"UTO","number":"L898902C3","surname":"ERIKSSON","given_names":"ANNA MARIA","nationality":"UTO","birth_date":"740812","sex":"F","expiry_date":"<<0415"},"late":true,"device_revoked":false,"conflicts":0,"overdue_since":null,"answer":null,"outcomes":[]}', 1, 0, 1790000050);
INSERT INTO outcomes VALUES
  (x'33333333333333333333333333333333', x'11111111111111111111111111111111', 'post-7', 1790000001, zeroblob(16), x'cc',
   '{"at":20,"who":"12","outcome":"not_the_person","note":"twin","form":{"place":"Kehl","objects":"two bags"}}'),
  (x'44444444444444444444444444444444', x'11111111111111111111111111111111', 'post-7', 1790000002, zeroblob(16), x'dd',
   '{"at":10,"who":"12","outcome":"confirmed","note":"","form":{}}');
INSERT INTO answers VALUES (x'22222222222222222222222222222222', 'post-7', 1790000060, 'confirmed', 'call us', x'090a');
PRAGMA user_version = 6;
