use super::*;

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
        "every incident has an alarm",
    ];
    assert_eq!(found, expected);
}

fn open() -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("dispatch.db"), &[MIGRATION_001]).unwrap();
    (dir, db)
}

const INCIDENT: &str =
    "INSERT INTO incident (version, state, is_open, level, class, camera, camera_name, area,
    place, correlation_key, collecting, opened_ms, began_ms, last_alarm_ms, n_alarms)
    VALUES (1, 'new', 1, 3, 'crowding', 'c', 'C', 'a', 'village', 'k', 1, 5, 5, 5, 1)";

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
        "UPDATE incident SET owner = 1",
        "UPDATE incident SET state = 'shelved'",
        "UPDATE incident SET state = 'closed', is_open = 0, end_reason = 'handled', ended_ms = 9",
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
    run("UPDATE incident SET state = 'closed', is_open = 0, end_reason = 'handled', ended_ms = 9, collecting = NULL")
        .unwrap();
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
        let page =
            format!("SELECT id FROM incident WHERE area IN ('x', 'y') {state} ORDER BY id DESC LIMIT 9");
        check(&page, "incident_area (area=?");
    }
    check(&format!("{select} WHERE i.id = 1"), "INTEGER PRIMARY KEY");
    check("SELECT id FROM incident WHERE correlation_key = 'k' AND collecting = 1", "incident_collecting");
    check("SELECT id FROM incident WHERE state = 'claimed' AND lease_until_ms <= 1", "incident_lease");
    check("SELECT id FROM incident WHERE state = 'shelved' AND shelf_until_ms <= 1", "incident_shelf");
    check(
        "SELECT id FROM incident WHERE due_ms IS NOT NULL AND overdue = 0 AND held_since_ms IS NULL AND due_ms <= 1",
        "incident_due",
    );
    check(
        &format!("{} WHERE a.camera = 'c' AND a.rule = 'r' AND a.ended_ms IS NULL", rows::SELECT_ALARM),
        "alarm_running",
    );
}
