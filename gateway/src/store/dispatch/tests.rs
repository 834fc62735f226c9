use super::*;
use crate::store::DISPATCH_MIGRATIONS;

#[test]
fn the_audit_finds_what_was_changed_behind_the_back_of_the_code() {
    let (_dir, db) = open();
    let dispatch = Dispatch::new(db.clone()).unwrap();
    assert_eq!(dispatch.audit_blocking().unwrap(), []);
    let path = db.path().to_owned();
    db.write_blocking(move |t| t.execute(INCIDENT, []).map_err(|source| DbError::Sqlite { path, source }))
        .unwrap();
    let found: Vec<_> = dispatch.audit_blocking().unwrap().into_iter().map(|broken| broken.promise).collect();
    let expected = [
        "an incident has one history row per version",
        "an incident counts its alarms",
        "every incident of a camera has an alarm",
        "an open incident has a deadline ahead of it, or is shelved",
    ];
    assert_eq!(found, expected);
}

fn open() -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("dispatch.db"), DISPATCH_MIGRATIONS).unwrap();
    (dir, db)
}

const INCIDENT: &str =
    "INSERT INTO incident (number, version, state, is_open, level, class, source, camera, camera_name, area,
    place, correlation_key, opened_ms, began_ms, last_alarm_ms, n_alarms, plan)
    VALUES (hex(randomblob(4)), 1, 'new', 1, 3, 'crowding', 'camera', 'c', 'C', 'a', 'village', 'k', 5, 5, 5, 1, 1)";

#[test]
fn the_database_itself_refuses_what_must_not_be() {
    let (_dir, db) = open();
    let run = |sql: &'static str| {
        let path = db.path().to_owned();
        db.write_blocking(move |t| {
            t.execute(sql, []).map(drop).map_err(|source| DbError::Sqlite { path, source })
        })
    };
    run(INCIDENT).unwrap();
    run("INSERT INTO incident_history (incident, version, at_ms, action, state_to, level) VALUES (1, 1, 5, 'open', 'new', 3)")
        .unwrap();
    for refused in [
        INCIDENT,
        "UPDATE incident SET state = 'closed'",
        "UPDATE incident SET is_open = 0",
        "UPDATE incident SET level = 5",
        "UPDATE incident SET source = 'grid'",
        "UPDATE incident SET camera = NULL",
        "INSERT INTO assignment (incident, n, unit, is_lead, told_ms, arrived_ms) VALUES (1, 0, 'u', 1, 5, 6)",
        "INSERT INTO attachment (incident, name, media_type, sha256, at_ms, body) VALUES (1, 'x', 'text/html', zeroblob(32), 5, x'00')",
        "UPDATE incident SET owner = 1",
        "UPDATE incident SET state = 'shelved'",
        "UPDATE incident_history SET note = 'changed'",
        "DELETE FROM incident_history",
        "DELETE FROM incident",
        "INSERT INTO incident_history (incident, version, at_ms, action, state_to, level) VALUES (1, 1, 6, 'claim', 'new', 3)",
        "INSERT INTO incident_history (incident, version, at_ms, action, state_to, level) VALUES (9, 1, 6, 'open', 'new', 3)",
        "INSERT INTO change_log (incident, version, kind, at_ms) VALUES (9, 1, 'opened', 5)",
        "INSERT INTO snapshot (alarm, jpeg) VALUES (9, x'ffd8ffe0')",
    ] {
        assert!(run(refused).is_err(), "{refused}");
    }
    run("UPDATE incident SET state = 'closed', is_open = 0, end_reason = 'handled', ended_ms = 9").unwrap();
    run(INCIDENT).unwrap();
}

#[test]
fn the_queries_of_the_queue_use_their_indexes() {
    let (_dir, db) = open();
    let plan = |sql: &str| -> String {
        db.read_blocking(|c| -> rusqlite::Result<String> {
            let mut statement = c.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let lines = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            Ok(lines.map(Result::unwrap).collect::<Vec<_>>().join("\n"))
        })
        .unwrap()
    };
    let check = |sql: &str, index: &str| {
        let plan = plan(sql);
        assert!(plan.contains(index), "{index} is not in the plan of {sql}\n{plan}");
        assert!(!plan.contains("SCAN a") && !plan.contains("SCAN s\n"), "{plan}");
    };
    let select = rows::SELECT_INCIDENT;
    for state in ["AND is_open = 1", "AND is_open = 0", ""] {
        let page = format!(
            "SELECT id FROM incident INDEXED BY incident_area WHERE area IN ('x', 'y') {state} ORDER BY id DESC LIMIT 9"
        );
        check(&page, "incident_area (area=?");
    }
    check(&format!("{select} WHERE i.id = 1"), "INTEGER PRIMARY KEY");
    check(&format!("{select} WHERE i.id = 1"), "alarm_incident_running");
    check("SELECT id FROM incident WHERE correlation_key = 'k' AND is_open = 1", "incident_open_key");
    check(
        "SELECT id FROM incident INDEXED BY incident_lease WHERE state = 'claimed' AND lease_until_ms <= 1",
        "incident_lease",
    );
    check(
        "SELECT id FROM incident INDEXED BY incident_shelf WHERE state = 'shelved' AND shelf_until_ms <= 1",
        "incident_shelf",
    );
    check("SELECT * FROM clock WHERE next_ms <= 1 ORDER BY next_ms, id LIMIT 5", "clock_next");
    check(
        "SELECT i.level, i.deadline_ms, i.id FROM incident i INDEXED BY incident_queue WHERE i.is_open = 1
         AND (i.level, i.deadline_ms, i.id) > (1, 2, 3) ORDER BY i.level, i.deadline_ms, i.id LIMIT 9",
        "SEARCH i USING COVERING INDEX incident_queue ((level",
    );
    check(
        "SELECT i.id FROM incident i INDEXED BY incident_owner WHERE i.is_open = 1 AND i.owner = 7
         ORDER BY i.level, i.deadline_ms, i.id LIMIT 9",
        "incident_owner (owner=?",
    );
    let waits = format!(
        "SELECT i.id FROM incident i INDEXED BY incident_revisit WHERE ({}) AND i.state = 'closed'
         AND (i.deadline_ms, i.id) > (2, 3) ORDER BY i.deadline_ms, i.id LIMIT 9",
        revisits::WAITS
    );
    check(&waits, "COVERING INDEX incident_revisit (state=? AND ");
    assert!(!plan(&waits).contains("TEMP B-TREE"), "{}", plan(&waits));
    for past in ["incident_past", "incident_class", "incident_source", "incident_state"] {
        let page = format!(
            "SELECT i.id FROM incident i INDEXED BY {past} WHERE i.is_open = 0 AND i.class = 'x' AND i.source = 'y'
             AND i.state = 'z' AND i.id < 9 ORDER BY i.id DESC LIMIT 9"
        );
        let plan = plan(&page);
        assert!(!plan.contains("TEMP B-TREE"), "{past} sorts\n{plan}");
    }
    check(
        &format!("{} WHERE a.camera = 'c' AND a.rule = 'r' AND a.ended_ms IS NULL", rows::SELECT_ALARM),
        "alarm_running",
    );
}

/// What the first release wrote, brought up to date, is what a fresh database is; and the rows are still there.
#[test]
fn a_migrated_database_is_a_fresh_one_with_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old.db");
    let first_release = &DISPATCH_MIGRATIONS[..3];
    let db = Db::open(&old, first_release).unwrap();
    let rows = [
        "INSERT INTO incident (version, state, is_open, level, class, camera, camera_name, area, place,
             correlation_key, collecting, opened_ms, began_ms, last_alarm_ms, n_alarms)
         VALUES (1, 'new', 1, 3, 'crowding', 'c', '广场', 'a', 'village', 'k', 1, 1700000000000, 1, 5, 1)",
        "INSERT INTO incident (version, state, is_open, level, class, camera, camera_name, area, place,
             correlation_key, opened_ms, began_ms, last_alarm_ms, n_alarms, merged_into, previous_state)
         VALUES (2, 'merged', 0, 3, 'crowding', 'c', 'C', 'a', 'village', 'k', 1700000000000, 1, 5, 1, 1, 'new')",
        "INSERT INTO alarm (incident, camera, rule, class, level, began_ms, began_90k, raised_ms, raised_90k, last_ms,
             peak, evidence)
         SELECT id, 'c', 'r' || id, 'crowding', 3, 1, 1, 1, 1, 1, 1, '{\"rule_class\":\"crowding\",\"zone\":null,
             \"count\":1,\"peak\":1,\"limit\":1,\"held_90k\":0,\"class\":\"person\",\"tracks\":[],\"score\":0.5}'
         FROM incident",
        "INSERT INTO incident_history (incident, version, at_ms, action, state_to, level) VALUES (1, 1, 5, 'open', 'new', 3)",
        "INSERT INTO incident_history (incident, version, at_ms, action, state_to, level) VALUES (2, 1, 5, 'open', 'new', 3)",
        "INSERT INTO incident_history (incident, version, at_ms, action, detail, account, state_from, state_to, level)
         VALUES (2, 2, 5, 'merge', '{\"action\":\"merge\",\"into\":1}', 1, 'new', 'merged', 3)",
        "INSERT INTO change_log (incident, version, kind, at_ms) VALUES (1, 1, 'opened', 5)",
    ];
    for sql in rows {
        let path = db.path().to_owned();
        db.write_blocking(move |t| t.execute(sql, []).map_err(|source| DbError::Sqlite { path, source }))
            .unwrap();
    }
    drop(db);
    let schema = |db: &Db| -> Vec<(String, String)> {
        db.read_blocking(|c| -> rusqlite::Result<Vec<_>> {
            let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
            c.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .unwrap()
    };
    let migrated = Db::open(&old, DISPATCH_MIGRATIONS).unwrap();
    let fresh = Db::open(&dir.path().join("fresh.db"), DISPATCH_MIGRATIONS).unwrap();
    assert_eq!(schema(&migrated), schema(&fresh));
    assert_eq!(migrated.integrity().unwrap(), Vec::<String>::new());
    let dispatch = Dispatch::new(migrated).unwrap();
    let read = |id| {
        dispatch
            .db
            .read_blocking(|c| query::incident(c, sharpeyes_domain::ids::IncidentId(id)))
            .unwrap()
            .unwrap()
    };
    let (first, second) = (read(1), read(2));
    assert_eq!((first.number.as_str(), second.number.as_str()), ("20231115-0001", "20231115-0002"));
    assert_eq!(first.camera.unwrap().name, "广场");
    assert_eq!(second.status.merging.unwrap().into.0, 1);
    let number = dispatch.write_blocking(|tx| tx.next_number("20231115")).unwrap();
    assert_eq!(number, "20231115-0003", "numbers go on");
    let unindexed = dispatch.write_blocking(|tx| tx.index_some()).unwrap();
    assert!(unindexed, "their words are caught up with");
}

/// Incidents of one key that an older release left open beside each other.
#[test]
fn an_upgrade_leaves_one_open_incident_of_each_key_and_looks_each_up_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.db");
    let n = DISPATCH_MIGRATIONS.iter().position(|one| one.name == MIGRATION_081.name).unwrap();
    drop(Db::open(&path, &DISPATCH_MIGRATIONS[..n]).unwrap());
    let old = rusqlite::Connection::open(&path).unwrap();
    for _ in 0..3 {
        old.execute(INCIDENT, []).unwrap();
    }
    let statement = |verb| MIGRATION_081.sql.split(';').find(|sql| sql.contains(verb)).unwrap();
    let plan: Vec<String> = {
        let upgrade = old.unchecked_transaction().unwrap();
        upgrade.execute_batch(statement("CREATE INDEX")).unwrap();
        let sql = statement("UPDATE").trim();
        let mut explain = upgrade.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        explain.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect()
    };
    assert!(
        plan.iter().any(|step| step.contains("SEARCH o") && step.contains("(correlation_key=?")),
        "{plan:?}"
    );
    drop(old);
    let db = Db::open(&path, DISPATCH_MIGRATIONS).unwrap();
    let keys = db.read_blocking(|c| -> rusqlite::Result<Vec<String>> {
        c.prepare("SELECT correlation_key FROM incident ORDER BY id")?
            .query_map([], |row| row.get(0))?
            .collect()
    });
    assert_eq!(keys.unwrap(), ["k#1", "k#2", "k"]);
}
