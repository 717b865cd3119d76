PRAGMA application_id = 1397577298;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE consumer_groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        generation INTEGER NOT NULL DEFAULT 0);
INSERT INTO "consumer_groups" VALUES(1,'app',2);
CREATE TABLE members (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        group_id INTEGER NOT NULL,
        topics TEXT NOT NULL,
        bell TEXT,
        renewed REAL NOT NULL,
        lease REAL NOT NULL);
CREATE TABLE offsets (
        partition_id INTEGER NOT NULL,
        group_id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (partition_id, group_id)) WITHOUT ROWID;
INSERT INTO "offsets" VALUES(1,1,1);
CREATE TABLE ownership (
        group_id INTEGER NOT NULL,
        partition_id INTEGER NOT NULL,
        owner INTEGER,
        target INTEGER,
        PRIMARY KEY (group_id, partition_id)) WITHOUT ROWID;
CREATE TABLE partitions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic_id INTEGER,
        partition INTEGER NOT NULL,
        start_offset INTEGER NOT NULL DEFAULT 0,
        next_offset INTEGER NOT NULL DEFAULT 0,
        UNIQUE (topic_id, partition));
INSERT INTO "partitions" VALUES(1,1,0,1,2);
INSERT INTO "partitions" VALUES(2,1,1,0,2);
INSERT INTO "partitions" VALUES(3,2,0,0,1);
INSERT INTO "partitions" VALUES(4,2,1,0,0);
INSERT INTO "partitions" VALUES(5,3,0,0,0);
INSERT INTO "partitions" VALUES(6,3,1,0,0);
CREATE TABLE records (
        partition_id INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        timestamp INTEGER NOT NULL,
        key BLOB,
        headers BLOB,
        value BLOB,
        PRIMARY KEY (partition_id, offset)) WITHOUT ROWID;
INSERT INTO "records" VALUES(1,1,1795382612744,NULL,NULL,X'32');
INSERT INTO "records" VALUES(2,0,1795382612744,NULL,NULL,X'31');
INSERT INTO "records" VALUES(2,1,1795382612744,NULL,NULL,X'33');
INSERT INTO "records" VALUES(3,0,1795382612744,NULL,NULL,X'64656164');
CREATE TABLE topics (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
INSERT INTO "topics" VALUES(1,'mail');
INSERT INTO "topics" VALUES(2,'mail_dead');
INSERT INTO "topics" VALUES(3,'lone_dead');
CREATE INDEX ownership_of_partition ON ownership (partition_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('topics',3);
INSERT INTO "sqlite_sequence" VALUES('partitions',6);
INSERT INTO "sqlite_sequence" VALUES('consumer_groups',1);
INSERT INTO "sqlite_sequence" VALUES('members',1);
COMMIT;
